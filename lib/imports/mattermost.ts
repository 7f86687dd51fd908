/** mattermost-push-proxy's JSON: targets of Apple and Google by the type that a request names as its platform. It keeps no devices. */
import { leaveComponent, makeDraft, type Draft } from './draft'
import { parseForeignJson } from './foreign-json'
import { type ForeignObject, foreignObject } from './foreign-object'
import { type SettingsPlace, type SettingsSource, SourceRefused, type Translation } from './import'

const OURS = 'Nothing needs to be done; docs/configuration.md tells what takes its place'

function readApple(target: ForeignObject, draft: Draft): void {
  const type = target.text('Type') ?? 'apple'
  const [certificate, key] = [target.text('ApplePushCertPrivate'), target.text('AppleAuthKeyFile')]
  const [keyId, teamId, password] = [
    target.text('AppleAuthKeyID'),
    target.text('AppleTeamID'),
    target.text('ApplePushCertPassword'),
  ]
  const [topic, isSandbox] = [target.text('ApplePushTopic'), target.flag('ApplePushUseDevelopment')]
  if (certificate === undefined && key === undefined) {
    draft.leave(target.path, 'has neither a certificate nor a key, so it sends nothing', 'Nothing needs to be done')
    return
  }
  const app = draft.app(type, 'apns', 'mattermost', target.path)
  app.put('topic', topic, `${target.path}.ApplePushTopic`)
  app.put('environment', isSandbox === true ? 'sandbox' : 'production', `${target.path}.ApplePushUseDevelopment`)
  if (key !== undefined) {
    app.put('key', draft.file(key), `${target.path}.AppleAuthKeyFile`)
    app.put('keyId', keyId, `${target.path}.AppleAuthKeyID`)
    app.put('teamId', teamId, `${target.path}.AppleTeamID`)
    if (certificate !== undefined)
      draft.leave(`${target.path}.ApplePushCertPrivate`, 'the key goes before it, as there', 'Nothing needs to be done')
  } else {
    app.put('certificate', draft.file(certificate), `${target.path}.ApplePushCertPrivate`)
    const passphrase = draft.secret(`${app.name}.passphrase`, password)
    app.put('passphrase', passphrase, `${target.path}.ApplePushCertPassword`)
  }
  app.put('match', { platform: type }, `${target.path}.Type`)
}

function readAndroid(target: ForeignObject, draft: Draft): void {
  const type = target.text('Type') ?? 'android'
  const account = target.text('ServiceFileLocation')
  draft.leaveKey(
    target,
    'AndroidApiKey',
    'Google closed its older interface in 2024, and server keys with it',
    'Name the service account of the same project: serviceAccount',
  )
  if (account === undefined) {
    draft.leave(target.path, 'has no service account, so it sends nothing', 'Nothing needs to be done')
    return
  }
  const app = draft.app(type, 'fcm', 'mattermost', target.path)
  app.put('serviceAccount', draft.file(account), `${target.path}.ServiceFileLocation`)
  app.put('match', { platform: type }, `${target.path}.Type`)
}

/** Go's `:8066` is every address. */
function readListener(root: ForeignObject, draft: Draft): void {
  const listen = root.text('ListenAddress') ?? ':8066'
  const serve = ['mattermost', ...(root.flag('EnableMetrics') === true ? ['metrics'] : [])]
  draft.put('http', { listeners: [{ listen: listen.replace(/^:/, '0.0.0.0:'), serve }] }, 'ListenAddress')
  if (!/^(127\.|localhost:|\[::1\])/.test(listen)) {
    draft.leave(
      'http.listeners[0].auth',
      'mattermost-push-proxy serves whoever reaches it; here that has to be said',
      'Write auth: "open", as Mattermost brings no token, and let only your server reach the address',
    )
  }
}

function translate(text: string | undefined, place: SettingsPlace): Translation {
  const root = foreignObject(parseForeignJson(text ?? ''))
  if (!root.has('ApplePushSettings') && !root.has('AndroidPushSettings')) {
    throw new SourceRefused('no settings of mattermost-push-proxy: no "ApplePushSettings" and no "AndroidPushSettings"')
  }
  const draft = makeDraft(place)
  for (const target of root.each('ApplePushSettings')) readApple(target, draft)
  for (const target of root.each('AndroidPushSettings')) readAndroid(target, draft)
  leaveComponent(draft, 'mattermost-push-proxy')
  readListener(root, draft)
  const level = root.text('LogLevel')?.toLowerCase()
  if (level !== undefined && ['debug', 'info', 'warn', 'error'].includes(level)) draft.put('log', { level }, 'LogLevel')
  else
    draft.leaveKey(root, 'LogLevel', `"${level ?? ''}" is no level here`, 'Write log.level: debug, info, warn or error')
  for (const key of ['ThrottlePerSec', 'ThrottleMemoryStoreSize', 'ThrottleVaryByHeader']) {
    draft.leaveKey(root, key, 'limits are per device, account, domain and app, and per caller of a listener', OURS)
  }
  for (const key of ['SendTimeoutSec', 'RetryTimeoutSec']) {
    draft.leaveKey(root, key, 'a push is tried again until it is no longer worth it, behind the request', OURS)
  }
  for (const key of [
    'EnableConsoleLog',
    'EnableFileLog',
    'LogFileLocation',
    'LogFormat',
    'LoggingCfgFile',
    'LoggingCfgJSON',
  ]) {
    draft.leaveKey(root, key, 'the log goes to standard output, one JSON object a line', OURS)
  }
  return draft.done(root)
}

export const mattermost: SettingsSource = Object.freeze({ name: 'mattermost', translate })
