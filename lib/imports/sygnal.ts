/** Sygnal's YAML: apps by the `app_id` that homeservers send. It keeps no devices. */
import { parse, YAMLParseError } from 'yaml'
import { type Draft, leaveComponent, makeDraft } from './draft'
import { type ForeignObject, foreignObject } from './foreign-object'
import { type SettingsPlace, type SettingsSource, SourceRefused, type Translation } from './import'

const OURS = 'Nothing needs to be done; docs/configuration.md tells what takes its place'

function readApns(from: ForeignObject, name: string, draft: Draft): void {
  const app = draft.app(name, 'apns', 'matrix', from.path)
  const topic = from.text('topic')
  app.put('topic', topic, `${from.path}.topic`)
  if (topic === undefined) {
    draft.leave(`${from.path}.topic`, 'is not there', `Write apps.${app.name}.topic: the bundle id of the app`)
  }
  app.put('environment', from.text('platform') ?? 'production', `${from.path}.platform`)
  app.put('key', draft.file(from.text('keyfile')), `${from.path}.keyfile`)
  app.put('keyId', from.text('key_id'), `${from.path}.key_id`)
  app.put('teamId', from.text('team_id'), `${from.path}.team_id`)
  app.put('certificate', draft.file(from.text('certfile')), `${from.path}.certfile`)
  const pushType = from.text('push_type')
  if (pushType !== undefined && pushType !== 'alert') {
    draft.leave(
      `${from.path}.push_type`,
      `"${pushType}" for every push: here it follows from what is sent, alert or background`,
      'Look whether the app needs another, and say so where this program is developed',
    )
  }
  if (from.flag('convert_device_token_to_hex') !== false) {
    draft.leave(
      `${from.path}.convert_device_token_to_hex`,
      'pushkeys are taken as hexadecimal digits, and not turned from base64 into them',
      'Nothing needs to be done where the app sends its token in hexadecimal digits; else it must be changed to',
    )
  }
}

function readGcm(from: ForeignObject, name: string, draft: Draft): void {
  const account = from.text('service_account_file')
  draft.leaveKey(
    from,
    'api_key',
    'Google closed its older interface in 2024, and server keys with it',
    'Name the service account of the same project: serviceAccount',
  )
  from.text('api_version')
  if (account === undefined) return
  const app = draft.app(name, 'fcm', 'matrix', from.path)
  app.put('serviceAccount', draft.file(account), `${from.path}.service_account_file`)
  if (from.has('project_id')) draft.leaveKey(from, 'project_id', 'the service account names its project', OURS)
  draft.leaveKey(
    from,
    'fcm_options',
    'options of every message can not be set',
    'Say so where this program is developed',
  )
}

function leaveBounds(from: ForeignObject, draft: Draft): void {
  for (const key of ['max_connections', 'inflight_request_limit']) {
    draft.leaveKey(from, key, 'connections and requests under way follow the load', OURS)
  }
}

function readApp(from: ForeignObject, draft: Draft): void {
  const name = from.path.slice('apps.'.length)
  const type = from.text('type')
  leaveBounds(from, draft)
  if (/[*?[\]]/.test(name)) {
    for (const key of Object.keys(keysOf)) from.has(key)
    draft.leave(
      from.path,
      'stands for several app ids',
      'Write an app for each, of the name that the app sends as app_id',
    )
    return
  }
  switch (type) {
    case 'apns':
      readApns(from, name, draft)
      break
    case 'gcm':
      readGcm(from, name, draft)
      break
    default:
      for (const key of Object.keys(keysOf)) from.has(key)
      draft.leave(
        from.path,
        type === 'webpush'
          ? 'pushes of Matrix go to Apple and Google here, not to browsers'
          : `is of the type "${type ?? ''}", which is not known here`,
        'Keep Sygnal running for it, under another URL',
      )
  }
}

/** Keys of apps that are left as a whole: nothing more is said of them. */
const keysOf = {
  ...{ certfile: 0, keyfile: 0, key_id: 0, team_id: 0, topic: 0, platform: 0, push_type: 0 },
  ...{ convert_device_token_to_hex: 0, api_key: 0, api_version: 0, project_id: 0, service_account_file: 0 },
  ...{ fcm_options: 0, vapid_private_key: 0, vapid_contact_email: 0, allowed_endpoints: 0, ttl: 0 },
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

function readHttp(root: ForeignObject, draft: Draft): void {
  const http = root.within('http')
  const port = http.number('port') ?? 5000
  const hosts = http.texts('bind_addresses')
  const matrix = (hosts.length === 0 ? ['127.0.0.1'] : hosts).map((host) => ({
    ...{ listen: `${bracketed(host)}:${port}`, serve: ['matrix'] },
  }))
  const prometheus = root.within('metrics').within('prometheus')
  const [isOn, address] = [prometheus.flag('enabled') === true, prometheus.text('address') ?? '127.0.0.1']
  const at = `${bracketed(address)}:${prometheus.number('port') ?? 8000}`
  const listeners = [...matrix, ...(isOn ? [{ listen: at, serve: ['health', 'metrics'] }] : [])]
  draft.put('http', { listeners }, 'http')
  if (hosts.some((host) => !/^(127\.|localhost$|::1$)/.test(host))) {
    draft.leave(
      'http.listeners[0].auth',
      'Sygnal serves whoever reaches it; here that has to be said',
      'Write auth: "open", as homeservers bring no token, and let only them reach the address',
    )
  }
}

/** The parts of `metrics` and `log` that are neither taken nor missed. */
function leaveRest(root: ForeignObject, draft: Draft): void {
  const metrics = root.within('metrics')
  for (const [key, instead] of [
    ['opentracing', 'traces go out over OTLP: see "telemetry"'],
    ['sentry', 'faults stand in the log, and in the metrics'],
  ] as const) {
    const part = metrics.within(key)
    const isOn = part.flag('enabled') === true
    for (const inner of ['implementation', 'service_name', 'jaeger', 'dsn']) part.has(inner)
    if (isOn) draft.leave(part.path, instead, OURS)
  }
  const log = root.within('log')
  draft.leaveKey(log, 'setup', 'the log goes to standard output, one JSON object a line', OURS)
  if (log.within('access').flag('x_forwarded_for') === true) {
    draft.leave(
      'log.access.x_forwarded_for',
      'whose X-Forwarded-For is believed has to be named',
      'Write http.trustedProxies: the addresses of your proxies',
    )
  }
  draft.leaveKey(root, 'database', 'Sygnal keeps nothing in it that is of use here', 'Nothing needs to be done')
}

function translate(text: string | undefined, place: SettingsPlace): Translation {
  let raw: unknown
  try {
    raw = parse(text ?? '')
  } catch (error) {
    if (error instanceof YAMLParseError) {
      const [at] = error.linePos ?? []
      throw new SourceRefused(
        `not YAML${at === undefined ? '' : `: line ${at.line}, column ${at.col}`} (${error.code})`,
      )
    }
    throw error
  }
  const root = foreignObject(raw)
  if (!root.has('apps')) throw new SourceRefused('no settings of Sygnal: there is no "apps"')
  const draft = makeDraft(place)
  for (const app of root.each('apps')) readApp(app, draft)
  leaveComponent(draft, 'Sygnal')
  readHttp(root, draft)
  draft.put('proxy', draft.secret('proxy', root.text('proxy')), 'proxy')
  leaveRest(root, draft)
  return draft.done(root)
}

export const sygnal: SettingsSource = Object.freeze({ name: 'sygnal', translate })
