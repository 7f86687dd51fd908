/**
 * The embedded store: one SQLite file with registry, outbox, counters and kept values, for one process. All SQL runs in a
 * thread of its own (`sqlite-worker.ts`), so that a disk that hangs stops no timer; this file starts that thread.
 */
import { z } from 'zod'
import { type Credential } from '../model/opaque'
import { type Kept } from '../model/kept'
import { type OptionWords } from '../model/options'
import { type Past } from '../model/past'
import { makeNodeCache } from './node-cache'
import { copyStore } from './sqlite-backup'
import { type ReadingOptions } from './sqlite-inspection'
import { type Lane, makeLane } from './sqlite-lane'
import { makeSqliteOutbox } from './sqlite-outbox'
import { type Ask, type Asked, type Question, type Questions, type Read, type ThreadOptions } from './sqlite-protocol'
import { type AskRecords, makeSqliteRecords } from './sqlite-records'
import { makeSqliteRegistry } from './sqlite-registry'
import { makeRestoring } from './sqlite-restore'
import { makeSqliteUpkeep } from './sqlite-sweep'
import { startThread } from './sqlite-thread'
import { type Inspection, type RemoteDisable, type Store, type StoreKind } from './store'

export interface SqliteOptions {
  /** The database; its folder is made if it is missing. Journals and the key file lie beside it. */
  readonly file: string
  /** 32 bytes in base64, that encrypt content at rest. Without it: `<file>.key`, made at the first start. */
  readonly contentKey?: Credential | undefined
  /** How many deliveries may wait; what comes above is refused as `full`. */
  readonly maxDeliveries: number
  /** The same for each app; three quarters of it where it is not said. */
  readonly maxDeliveriesPerApp?: number | undefined
  /** MiB that the database may hold before nothing more may wait; no bound where it is not said. */
  readonly maxSize?: number | undefined
}

/** How much of the whole one app may take. */
const SHARE = 0.75

const reads: ReadonlySet<Question> = new Set([
  ...(['find', 'get', 'ownedBy', 'count', 'keepGet', 'accounts', 'deadAmong', 'remoteDisablesDue'] as const),
  ...(['devices', 'tombstones', 'deliveries', 'waiting', 'stretch', 'traceLines'] as const),
  ...(['graves', 'keptNames', 'addressKey', 'deadTargets', 'deadTargetsAmong'] as const),
  // They change no row, and are to get through to a store that takes none.
  ...(['holdStill', 'whyNotStill', 'holding'] as const),
])

/** Reads a store at rest; questions are answered in their order. */
async function inspect({ file, contentKey }: SqliteOptions): Promise<Inspection> {
  const reading = { file, contentKey: contentKey?.text() } satisfies ReadingOptions
  const { worker } = await startThread('sqlite-inspection-worker', reading, file)
  const asking: { readonly resolve: (answer: never) => void; readonly reject: (error: Error) => void }[] = []
  const fail = (error: Error) => asking.splice(0).forEach(({ reject }) => reject(error))
  worker.on('message', (read: Read) => {
    const first = asking.shift()
    if ('failed' in read) first?.reject(new Error(`store ${file}: ${read.failed}`))
    else first?.resolve(read.answer as never)
  })
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error(`store ${file} is closed`)))
  const ask: AskRecords = (what, ask) =>
    new Promise((resolve, reject) => {
      asking.push({ resolve, reject })
      worker.postMessage({ what, ask })
    })
  const keep = { get: (name: string) => ask('keepGet', name) }
  return { records: makeSqliteRecords(ask), keep, close: async () => void (await worker.terminate()) }
}

function pastOf(ask: Ask): Past {
  return Object.freeze({
    graves({ after, limit }) {
      const { service = '', node = '', owner = '' } = after ?? {}
      return ask('graves', { after: [service, node, owner], limit })
    },
    async bury(graves) {
      await ask('buryAgain', graves)
    },
    keptNames: () => ask('keptNames', undefined),
    addressKey: () => ask('addressKey', undefined),
    deadTargets: (query) =>
      'targets' in query
        ? ask('deadTargetsAmong', query.targets)
        : ask('deadTargets', { after: query.after ?? '', limit: query.limit }),
    async keepDead(targets) {
      await ask('keepDead', targets)
    },
  } satisfies Past)
}

/** The kind `sqlite` of the configuration's `store`. */
export const sqlite: StoreKind<SqliteOptions> = Object.freeze({
  kind: 'sqlite',
  options: (words: OptionWords) =>
    z.strictObject({
      file: words.path.prefault('data/xmpp-push.db'),
      contentKey: words.credential.optional(),
      maxDeliveries: z.number().int().min(1).max(1_000_000_000).default(1_000_000),
      maxDeliveriesPerApp: z.number().int().min(1).max(1_000_000_000).optional(),
      maxSize: z.number().int().min(1).max(1_000_000_000).optional(),
    }),
  place: ({ file }) => file,
  inspect,
  backup: { copy: copyStore, restoring: makeRestoring },
  async open(options: SqliteOptions, { clock, ...told }): Promise<Store> {
    const { file, contentKey, maxDeliveries, maxDeliveriesPerApp, maxSize } = options
    const { worker, warnings } = await startThread(
      'sqlite-worker',
      {
        file,
        contentKey: contentKey?.text(),
        contentKeyFrom: contentKey?.where ?? '',
        bounds: {
          maxDeliveries,
          maxDeliveriesPerApp: maxDeliveriesPerApp ?? Math.ceil(maxDeliveries * SHARE),
          maxBytes: (maxSize ?? Infinity) * 1024 * 1024,
        },
        now: clock.now(),
      } satisfies ThreadOptions,
      file,
    )
    for (const warning of warnings) told.trouble(warning)
    const { outbox, claimed, brought, close } = makeSqliteOutbox((): Lane => lane, clock)
    const lane = makeLane({ worker, file, clock, told, claimed, brought })
    const ask: Ask = <Q extends Question>(
      what: Q,
      asked: Questions[Q]['ask'],
      seen?: (answer: Questions[Q]['answer']) => void,
    ) =>
      new Promise<Questions[Q]['answer']>((resolve, reject) => {
        lane.hand({
          of: reads.has(what) ? 'read' : 'change',
          asked: { what, ask: asked } as Asked,
          resolve(answer: unknown) {
            seen?.(answer as Questions[Q]['answer'])
            resolve(answer as Questions[Q]['answer'])
          },
          reject,
        })
      })
    const cache = makeNodeCache()
    const records = makeSqliteRecords((what, asked) => ask(what, asked))
    return Object.freeze({
      registry: makeSqliteRegistry(ask, () => clock.now(), cache),
      remoteDisables: Object.freeze({
        due: (at: number, limit: number) => ask('remoteDisablesDue', { at, limit }),
        claim: ({ registration, dueAt }: RemoteDisable, until: number) =>
          ask('claimRemoteDisable', { registration, dueAt, until }),
        async end(registrations: readonly string[]) {
          await ask('endRemoteDisables', registrations)
        },
      }),
      outbox,
      records,
      upkeep: makeSqliteUpkeep(ask, records, cache),
      past: pastOf(ask),
      keep: Object.freeze({
        get: (name: string) => ask('keepGet', name),
        swap: (name: string, value: string, at: number, before: Kept | undefined) =>
          ask('keepSwap', { name, value, at, before }),
        async put(name: string, value: string, at: number) {
          await ask('keepPut', { name, value, at })
        },
      }),
      accounts: () => ask('accounts', undefined),
      async holdStill(isStill: boolean) {
        await ask('holdStill', isStill)
        const why = await ask('whyNotStill', undefined)
        if (why !== undefined) throw new Error(`store ${file} can't be held still: ${why}`)
      },
      holding: (after: number) => ask('holding', after),
      close() {
        close()
        return lane.close()
      },
    })
  },
} satisfies StoreKind<SqliteOptions>)
