/**
 * The embedded store: one SQLite file with registry, outbox, counters and kept values, for one process. All SQL runs in a
 * thread of its own (`sqlite-worker.ts`), so that a disk that hangs stops no timer; this file starts that thread.
 */
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { type Credential } from '../model/opaque'
import { type OptionWords } from '../model/options'
import { makeNodeCache } from './node-cache'
import { inspect } from './sqlite-inspection'
import { type Lane, makeLane } from './sqlite-lane'
import { makeSqliteOutbox } from './sqlite-outbox'
import { type Asked, type Opened, type Question, type Questions, type ThreadOptions } from './sqlite-protocol'
import { makeSqliteRecords } from './sqlite-records'
import { type Ask, makeSqliteRegistry } from './sqlite-registry'
import { makeSqliteUpkeep } from './sqlite-sweep'
import { type Store, type StoreKind, StoreRefused } from './store'

export interface SqliteOptions {
  /** The database; its folder is made if it is missing. Journals and the key file lie beside it. */
  readonly file: string
  /** 32 bytes in base64, that encrypt content at rest. Without it: `<file>.key`, made at the first start. */
  readonly contentKey?: Credential | undefined
  /** How many deliveries may wait; what comes above is refused as `full`. */
  readonly maxDeliveries: number
}

const reads: ReadonlySet<Question> = new Set([
  ...(['find', 'get', 'ownedBy', 'count', 'keepGet', 'accounts'] as const),
  ...(['devices', 'tombstones', 'deliveries', 'waiting', 'stretch', 'traceLines'] as const),
])

async function startThread(options: ThreadOptions): Promise<{ worker: Worker; warnings: readonly string[] }> {
  // Under jest and tsx this file is TypeScript, and so is the thread's.
  const extension = extname(__filename)
  const worker = new Worker(join(__dirname, `sqlite-worker${extension}`), {
    workerData: options,
    ...(extension === '.ts' ? { execArgv: ['--require', 'tsx/cjs'] } : {}),
  })
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    void exited.then(() => reject(new Error(`the thread of the store ${options.file} ended before it was open`)))
  })
  if ('refused' in opened || 'broken' in opened) {
    await exited
    throw 'refused' in opened ? new StoreRefused(opened.refused) : new Error(opened.broken)
  }
  return { worker, warnings: opened.warnings }
}

/** The kind `sqlite` of the configuration's `store`. */
export const sqlite: StoreKind<SqliteOptions> = Object.freeze({
  kind: 'sqlite',
  options: (words: OptionWords) =>
    z.strictObject({
      file: words.path.prefault('data/xmpp-push.db'),
      contentKey: words.credential.optional(),
      maxDeliveries: z.number().int().min(1).max(1_000_000_000).default(1_000_000),
    }),
  place: ({ file }) => file,
  inspect: ({ file }) => inspect(file),
  async open(options: SqliteOptions, { clock, trouble }): Promise<Store> {
    const { file, contentKey, maxDeliveries } = options
    const { worker, warnings } = await startThread({
      file,
      contentKey: contentKey?.text(),
      contentKeyFrom: contentKey?.where ?? '',
      maxDeliveries,
      now: clock.now(),
    })
    for (const warning of warnings) trouble(warning)
    const { outbox, claimed, brought, close } = makeSqliteOutbox((): Lane => lane, clock)
    const lane = makeLane({ worker, file, clock, trouble, claimed, brought })
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
      outbox,
      records,
      upkeep: makeSqliteUpkeep(ask, records, cache),
      keep: Object.freeze({
        get: (name: string) => ask('keepGet', name),
        async put(name: string, value: string, at: number) {
          await ask('keepPut', { name, value, at })
        },
      }),
      accounts: () => ask('accounts', undefined),
      close() {
        close()
        return lane.close()
      },
    })
  },
} satisfies StoreKind<SqliteOptions>)
