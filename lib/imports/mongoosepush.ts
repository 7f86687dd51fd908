/** MongoosePush 2.x: its TOML, or its environment variables. Pools become apps that requests find by mode and tags. It keeps no devices. */
import { parse, TomlError } from 'smol-toml'
import { type Draft, leaveComponent, makeDraft } from './draft'
import { type ForeignObject, foreignObject } from './foreign-object'
import { type SettingsPlace, type SettingsSource, SourceRefused, type Translation } from './import'
import { generalOf, serviceOf } from './mongoosepush-environment'

const APPLE = { prod: 'https://api.push.apple.com', dev: 'https://api.sandbox.push.apple.com' }

/** Only where it is not the push service's own. */
function endpointOf(pool: ForeignObject, apples?: string): string | undefined {
  const connection = pool.within('connection')
  const [host, port, isOther] = [connection.text('endpoint'), connection.number('port'), connection.flag('use_2197')]
  if (host === undefined) return isOther === true && apples !== undefined ? `${apples}:2197` : undefined
  const at = isOther === true ? 2197 : port
  return `https://${host}${at === undefined || at === 443 ? '' : `:${at}`}`
}

function readApns(pool: ForeignObject, draft: Draft): void {
  const mode = pool.text('mode') === 'dev' ? 'dev' : 'prod'
  const topic = pool.text('default_topic')
  const app = draft.app(`${topic ?? 'apns'}${mode === 'dev' ? '-dev' : ''}`, 'apns', 'mongoosepush', pool.path)
  app.put('topic', topic, `${pool.path}.default_topic`)
  if (topic === undefined) {
    draft.leave(
      `${pool.path}.default_topic`,
      'is not there; MongoosePush takes the first topic of the certificate',
      `Write apps.${app.name}.topic: the bundle id of the app`,
    )
  }
  app.put('environment', mode === 'dev' ? 'sandbox' : 'production', `${pool.path}.mode`)
  const auth = pool.within('auth')
  const [token, certificate] = [auth.within('token'), auth.within('certificate')]
  app.put('key', draft.file(token.text('tokenfile')), `${token.path}.tokenfile`)
  app.put('keyId', token.text('key_id'), `${token.path}.key_id`)
  app.put('teamId', token.text('team_id'), `${token.path}.team_id`)
  app.put('certificate', draft.file(certificate.text('certfile')), `${certificate.path}.certfile`)
  app.put('certificateKey', draft.file(certificate.text('keyfile')), `${certificate.path}.keyfile`)
  app.put('endpoint', endpointOf(pool, APPLE[mode]), `${pool.path}.connection.endpoint`)
  app.put('connections', pool.within('connection').number('count'), `${pool.path}.connection.count`)
  const tags = pool.texts('tags')
  app.put('match', { service: 'apns', mode, ...(tags.length === 0 ? {} : { tags }) }, `${pool.path}.tags`)
}

function readFcm(pool: ForeignObject, draft: Draft): void {
  const tags = pool.texts('tags')
  const mode = pool.text('mode')
  const app = draft.app(tags[0] === undefined ? 'fcm' : `fcm-${tags[0]}`, 'fcm', 'mongoosepush', pool.path)
  const auth = pool.within('auth')
  app.put('serviceAccount', draft.file(auth.text('appfile') ?? 'priv/fcm/token.json'), `${auth.path}.appfile`)
  app.put('endpoint', endpointOf(pool), `${pool.path}.connection.endpoint`)
  app.put('connections', pool.within('connection').number('count'), `${pool.path}.connection.count`)
  const match = { service: 'fcm', ...(mode === undefined ? {} : { mode }), ...(tags.length === 0 ? {} : { tags }) }
  app.put('match', match, `${pool.path}.tags`)
}

function readListener(general: ForeignObject, draft: Draft): void {
  const https = general.within('https')
  const bind = https.within('bind')
  const host = bind.text('addr') ?? '127.0.0.1'
  const [certificate, key] = [draft.file(https.text('certfile')), draft.file(https.text('keyfile'))]
  const openapi = general.within('openapi')
  const serve = ['mongoosepush', 'metrics', ...(openapi.flag('expose_spec') === true ? ['openapi'] : [])]
  const listen = `${host.includes(':') ? `[${host}]` : host}:${bind.number('port') ?? 8443}`
  const tls = certificate === undefined || key === undefined ? {} : { tls: { certificate, key } }
  draft.put('http', { listeners: [{ listen, ...tls, serve }] }, https.path)
  if (certificate === undefined || key === undefined) {
    draft.leave(
      `${https.path}.certfile`,
      'is not there; MongoosePush brings a certificate of its own that nobody can trust',
      'Write http.listeners[0].tls: { certificate, key }, or let MongooseIM call http://',
    )
  }
  if (!/^(127\.|localhost$|::1$)/.test(host)) {
    draft.leave(
      'http.listeners[0].auth',
      'MongoosePush serves whoever reaches it; here that has to be said',
      'Write auth: { "tokens": { "mongooseim": … } }, or "open" where only callers that you trust can reach it',
    )
  }
  draft.leaveKey(
    https,
    'cacertfile',
    'the chain belongs into the certificate file',
    'Append it there, if clients need it',
  )
  draft.leaveKey(https, 'num_acceptors', 'nothing has to be said of it', 'Nothing needs to be done')
  if (openapi.flag('expose_ui') === true)
    draft.leave(`${openapi.path}.expose_ui`, 'there is no Swagger UI', 'Open /openapi.json with one of your own')
  const level = general.within('logging').text('level')
  if (level !== undefined)
    draft.put('log', { level: level === 'warning' ? 'warn' : level }, `${general.path}.logging.level`)
}

/** One table laid over another, key by key. */
function over(base: unknown, top: unknown): unknown {
  const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isTable(base) || !isTable(top)) return top === undefined ? base : top
  const keys = [...new Set([...Object.keys(base), ...Object.keys(top)])]
  return Object.fromEntries(keys.map((key) => [key, over(base[key], top[key])]))
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof TomlError) throw new SourceRefused(`not TOML: line ${error.line}, column ${error.column}`)
    throw error
  }
}

function translate(text: string | undefined, place: SettingsPlace): Translation {
  const { environment } = place
  const told = text === undefined ? { service: serviceOf(environment) } : parsed(text)
  const root = foreignObject({ ...told, general: over(generalOf(environment), told['general']) })
  const service = root.within('service')
  const draft = makeDraft(place)
  const [apns, fcm] = [service.each('apns'), service.each('fcm')]
  if (apns.length + fcm.length === 0) {
    throw new SourceRefused(
      text === undefined
        ? 'the environment configures no pool of MongoosePush: there is neither PUSH_APNS_… nor PUSH_FCM_APP_FILE'
        : 'no settings of MongoosePush: there is neither [[service.apns]] nor [[service.fcm]]',
    )
  }
  for (const pool of apns) readApns(pool, draft)
  for (const pool of fcm) readFcm(pool, draft)
  leaveComponent(draft, 'MongoosePush')
  readListener(root.within('general'), draft)
  if (environment.get('TLS_SERVER_CERT_VALIDATION')?.toLowerCase() === 'false') {
    draft.leave(
      'TLS_SERVER_CERT_VALIDATION',
      'certificates of push services are always verified',
      'For a server of your own, name its authority: apps.….ca',
    )
  }
  return draft.done(root)
}

export const mongoosepush: SettingsSource = Object.freeze({ name: 'mongoosepush', translate })
