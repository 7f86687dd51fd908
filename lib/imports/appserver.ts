/**
 * mod_push_appserver's store `push_appserver`, one table of settings for each node: Prosody's internal storage (a folder of `.dat` files), or a
 * dump of its SQL storage (table `prosody`). It keeps neither account nor server, so a stand-in owns each device.
 */
import { createHash } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Opaque } from '../model/opaque'
import { ANY_DOMAIN, standIn } from '../model/stand-in'
import { type DeviceSource, type Entry, SourceRefused } from './import'
import { entriesOf, readLuaData } from './lua-data'
import { rowsOf } from './sql-dump'
import { unread } from './unread'

type Settings = ReadonlyMap<string, unknown>

const STORE = 'push_appserver'
const AGAIN = 'Nothing needs to be done: the app registers again the next time it connects'

const textOf = (settings: Settings, name: string): string => {
  const value = settings.get(name)
  return typeof value === 'string' ? value : ''
}

/** XEP-0082 as `util.datetime` writes it; 0 for what is none. */
function momentOf(text: string): number {
  const at = Date.parse(text)
  return Number.isNaN(at) ? 0 : at
}

/** `node`: by the name under which the settings were kept, where they do not say it themselves. */
function entryOf(where: string, name: string, settings: Settings): Entry {
  const left = (why: string, mend = AGAIN): Entry => ({ is: 'left', left: { where, why, mend } })
  const type = textOf(settings, 'type')
  const node = textOf(settings, 'node') || name
  const [secret, token] = [textOf(settings, 'secret'), textOf(settings, 'token')]
  if (settings.size === 0) return left('is empty: the device was unregistered')
  if (type !== 'apns' && type !== 'fcm')
    return left(`is of the push service "${type}", which mod_push_appserver has no module for`)
  if (token === '') return left('has no token')
  if (secret === '') return left('has no secret, so no server can publish to it')
  return {
    is: 'device',
    device: {
      where,
      dialect: 'appserver',
      owner: standIn(createHash('sha1').update(node).digest('hex'), ANY_DOMAIN),
      device: node,
      node,
      secret: new Opaque(secret),
      speaks: type,
      address: new Opaque(token),
      hints: {},
      registeredAt: momentOf(textOf(settings, 'renewed')) || momentOf(textOf(settings, 'registered')),
    },
  }
}

/** `util.datamanager` writes every byte but letters and digits as `%xx`. */
function decoded(name: string): string {
  const bytes = Buffer.from(
    name.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  )
  return bytes.toString('utf8')
}

async function* readFolder(folder: string): AsyncGenerator<Entry> {
  const inside = await readdir(folder).catch((error: unknown) => {
    throw new SourceRefused(unread(folder, error))
  })
  // Given the folder of the host, the store is one below.
  if (inside.includes(STORE)) {
    yield* readFolder(join(folder, STORE))
    return
  }
  const files = inside.filter((name) => name.endsWith('.dat')).sort()
  if (files.length === 0) {
    throw new SourceRefused(
      `${folder} holds no .dat files; name the folder ${STORE} of the component's host below Prosody's data folder, such as /var/lib/prosody/push%2eexample%2ecom/${STORE}`,
    )
  }
  for (const file of files) {
    const path = join(folder, file)
    const text = await readFile(path, 'utf8').catch((error: unknown) => ({ wrong: unread(path, error) }))
    const read = typeof text === 'string' ? readLuaData(text) : text
    const settings = 'value' in read ? entriesOf(read.value) : undefined
    if (settings === undefined) {
      const why = `can't be read: ${'wrong' in read ? read.wrong : 'it is no table'}`
      const mend = 'Stop Prosody so that nothing is half written, and import again'
      yield { is: 'left', left: { where: `file ${file}`, why, mend } }
    } else yield entryOf(`file ${file}`, decoded(basename(file, '.dat')), settings)
  }
}

/** A row of `prosody` holds one key of one table; those of a node need not stand together. */
async function* readDump(path: string): AsyncGenerator<Entry> {
  const nodes = new Map<string, Map<string, unknown>>()
  for await (const { values } of rowsOf(path, 'prosody')) {
    if (values.get('store') !== STORE) continue
    const of = `${values.get('host') ?? ''}\0${values.get('user') ?? ''}`
    const settings = nodes.get(of) ?? new Map<string, unknown>()
    nodes.set(of, settings)
    if (values.get('type') === 'string') settings.set(values.get('key') ?? '', values.get('value'))
  }
  for (const [of, settings] of nodes) {
    const name = of.slice(of.indexOf('\0') + 1)
    yield entryOf(`user ${name}`, name, settings)
  }
}

async function* read(path: string): AsyncGenerator<Entry> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new SourceRefused(unread(path, error))
  })
  yield* facts.isDirectory() ? readFolder(path) : readDump(path)
}

export const appserver: DeviceSource = Object.freeze({ name: 'appserver', read })
