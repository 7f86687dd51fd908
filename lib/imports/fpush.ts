/** fpush's `settings.json`: one component, and modules by the name that Monal and Quicksy publish as `pushModule`. It keeps no devices. */
import { type Draft, makeDraft } from './draft'
import { parseForeignJson } from './foreign-json'
import { type ForeignObject, foreignObject } from './foreign-object'
import { type SettingsPlace, type SettingsSource, SourceRefused, type Translation } from './import'

const OURS = 'Nothing needs to be done; docs/configuration.md tells what takes its place'

function readComponent(root: ForeignObject, draft: Draft): void {
  const component = root.within('component')
  const domain = component.text('componentHostname')
  const [host, port] = [component.text('serverHostname'), component.number('serverPort')]
  const name = host?.includes(':') === true ? `[${host}]` : host
  const service = name === undefined ? undefined : `xmpp://${name}:${port ?? 5347}`
  const secret = draft.secret('component', component.text('componentKey'))
  const value = { ...{ domain, service, secret } }
  if (domain !== undefined) draft.put('component', value, 'component')
}

function leaveRest(module: ForeignObject, draft: Draft): void {
  for (const [key, instead] of [
    ['ratelimit', 'a limit here delays and coalesces pushes and loses none: see "limits"'],
    ['blacklist', 'a token is forgotten here when its push service calls it dead, and not before'],
  ] as const) {
    const held = module.within(key)
    for (const inner of ['enabled', 'ratelimitTime', 'ratelimitCleanupInterval']) held.has(inner)
    if (module.has(key)) draft.leave(`${module.path}.${key}`, instead, OURS)
  }
  if (module.flag('is_default_module') === true) {
    draft.leave(
      `${module.path}.is_default_module`,
      'a publish that names no pushModule finds no app here',
      'Nothing needs to be done for Monal and Quicksy, which name theirs; other clients have to',
    )
  }
}

function readApple(module: ForeignObject, name: string, draft: Draft): void {
  const app = draft.app(name, 'apns', 'monal', module.path)
  const apns = module.within('apns')
  app.put('topic', apns.text('topic'), `${apns.path}.topic`)
  app.put('environment', apns.text('environment') ?? 'production', `${apns.path}.environment`)
  app.put('certificate', draft.file(apns.text('certFilePath')), `${apns.path}.certFilePath`)
  app.put('passphrase', draft.secret(`${app.name}.passphrase`, apns.text('certPassword')), `${apns.path}.certPassword`)
  draft.leaveKey(
    apns,
    'additionalData',
    'keys of its own are not added to a push',
    'Say so where this program is developed if your app needs them; Monal and Quicksy do not',
  )
}

function readModule(module: ForeignObject, draft: Draft): void {
  const name = module.path.slice('pushModules.'.length)
  const type = module.text('type')
  switch (type) {
    case 'apple':
      readApple(module, name, draft)
      break
    case 'google':
    case 'fcm': {
      const app = draft.app(name, 'fcm', 'generic', module.path)
      const fcm = module.within('fcm')
      const account = fcm.text('fcmSecretPath') ?? fcm.text('fcm_secret_path')
      app.put('serviceAccount', draft.file(account), `${fcm.path}.fcmSecretPath`)
      break
    }
    default:
      draft.leave(module.path, `is of the type "${type ?? ''}", which wakes no device`, OURS)
      for (const key of ['apns', 'fcm']) module.has(key)
  }
  leaveRest(module, draft)
}

function translate(text: string | undefined, place: SettingsPlace): Translation {
  const root = foreignObject(parseForeignJson(text ?? ''))
  if (!root.has('pushModules')) throw new SourceRefused('no settings of fpush: there is no "pushModules"')
  const draft = makeDraft(place)
  readComponent(root, draft)
  for (const module of root.each('pushModules')) readModule(module, draft)
  // fpush lets every server publish; Monal's users are everywhere.
  draft.put('access', { register: ['*'] }, 'every server may publish')
  for (const key of ['timeout', 'timeoutConfig']) {
    draft.leaveKey(root, key, 'the link is tried again for ever, with growing delays', OURS)
  }
  return draft.done(root)
}

export const fpush: SettingsSource = Object.freeze({ name: 'fpush', translate })
