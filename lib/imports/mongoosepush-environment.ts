/** MongoosePush's environment variables as its TOML would say the same, so that both are read in one way. */

type Environment = ReadonlyMap<string, string>
type Table = Readonly<Record<string, unknown>>

/** Only the keys that have a value. */
function table(entries: Readonly<Record<string, unknown>>): Table {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined))
}

function authOf(env: Environment, prefix: string): Table {
  const tokenfile = env.get(`${prefix}_P8_TOKEN`)
  if (tokenfile !== undefined) {
    const ids = { key_id: env.get(`${prefix}_KEY_ID`), team_id: env.get(`${prefix}_TEAM_ID`) }
    return { token: table({ tokenfile, ...ids }) }
  }
  return { certificate: table({ certfile: env.get(`${prefix}_CERT`), keyfile: env.get(`${prefix}_KEY`) }) }
}

/** A pool of which nothing is said has nothing to send with. */
function apnsPool(env: Environment, mode: 'prod' | 'dev'): readonly Table[] {
  const prefix = `PUSH_APNS_${mode.toUpperCase()}`
  if (![...env.keys()].some((name) => name.startsWith(`${prefix}_`))) return []
  const connection = table({
    endpoint: env.get(`${prefix}_ENDPOINT`),
    use_2197: env.get(`${prefix}_USE_2197`),
    count: env.get(`${prefix}_POOL_SIZE`),
  })
  return [table({ mode, default_topic: env.get(`${prefix}_DEFAULT_TOPIC`), connection, auth: authOf(env, prefix) })]
}

function fcmPool(env: Environment): readonly Table[] {
  const appfile = env.get('PUSH_FCM_APP_FILE')
  if (appfile === undefined) return []
  const connection = table({ endpoint: env.get('PUSH_FCM_ENDPOINT'), count: env.get('PUSH_FCM_POOL_SIZE') })
  return [{ connection, auth: { appfile } }]
}

/** What is set for all of it: the listener, the log. */
export function generalOf(env: Environment): Table {
  return {
    logging: table({ level: env.get('PUSH_LOGLEVEL') }),
    https: table({
      bind: table({ addr: env.get('PUSH_HTTPS_BIND_ADDR'), port: env.get('PUSH_HTTPS_PORT') }),
      certfile: env.get('PUSH_HTTPS_CERTFILE'),
      keyfile: env.get('PUSH_HTTPS_KEYFILE'),
      num_acceptors: env.get('PUSH_HTTPS_ACCEPTORS'),
    }),
    openapi: table({
      expose_spec: env.get('PUSH_OPENAPI_EXPOSE_SPEC'),
      expose_ui: env.get('PUSH_OPENAPI_EXPOSE_UI'),
    }),
  }
}

/** The pools; MongoosePush takes them from here only where there is no TOML. */
export function serviceOf(env: Environment): Table {
  const isOn = (name: string): boolean => env.get(name)?.toLowerCase() !== 'false'
  return {
    apns: isOn('PUSH_APNS_ENABLED') ? [...apnsPool(env, 'prod'), ...apnsPool(env, 'dev')] : [],
    fcm: isOn('PUSH_FCM_ENABLED') ? fcmPool(env) : [],
  }
}
