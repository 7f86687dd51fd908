/** Which step of a push a sample belongs to, and what kind of code was running: told from the names of its frames. */
import { type Frame, type Sample } from './samples'

type Rules = readonly (readonly [step: string, names: RegExp])[]

const MESSAGES = 'messages between the threads'
const LOG = 'log line, metrics'
const COMPILING = 'compiling'
const DATABASE = 'SQLite, and libsql between it and JavaScript'
const SEALING = 'sealing'
const TLS = 'TLS'
const REST = 'event loop, the rest'

/** By a file of ours. */
const files: Rules = [
  ['stanza: bytes to tree', /^xmpp\/(xml-|alike|stanza-parser|component-stream|component\.|ltx|utf8)/],
  ['stanza: answering', /^xmpp\/(outgoing|answer)/],
  ['stanza: what it asks', /^(xmpp|dialects)\//],
  ['limits', /^(intake\/limits|gate)/],
  ['deciding about the publish', /^(intake|admin|tracing)/],
  ['looking up the registration', /^stores\/(sqlite-(registry|finding|registration)|node-cache)/],
  [SEALING, /^stores\/(content-|sealed)/],
  [MESSAGES, /^stores\/sqlite-(lane|worker|thread|protocol|parcel)/],
  ['outbox: putting, settling, claiming, stories', /^(stores|outbox)\//],
  ['dispatch: claiming, judging', /^dispatch\//],
  ['payload and request', /^(providers|profiles)\//],
  ['HTTP/2: frames, headers, pool', /^wire\//],
  [LOG, /^(observe|watching)/],
]

/** What belongs to whoever called it. */
const SHARED = /^(clock|wire\/fifo|model\/)/

/** By what Node, V8 and libraries call what they do for us. */
const theirs: Rules = [
  // OpenSSL's arithmetic on P-256 keeps no frame pointers, so that who asked for it is not seen; nearly all of it is Web Push's agreement.
  ['agreeing on a key (P-256)', /ecp_nistz256|^bn_mul_mont|^EC_|^ec_|^ossl_ec|^ECDH/],
  [MESSAGES, /MessagePort|node::worker::Message|messageport/],
  [LOG, /sonic-boom|pino/],
  [SEALING, /node::crypto::|internal\/crypto/],
  [TLS, /TLSWrap|SSL_|ssl3_|tls1_|tls13|node:_tls|aesni|gcm_/],
  ['sockets', /StreamBase|LibuvStreamWrap|uv__stream|uv__read|uv__write|node:net|node:internal\/stream|tcp_/],
  ['promises', /^Builtins_.*(Promise|Microtask|AsyncFunction|ResumeGenerator)/],
]

/** The collector: by the first of these that is on the stack. */
const collecting: Rules = [
  ['collecting: memory of buffers', /ArrayBufferSweeper/],
  ['collecting: what is young', /Scaveng/],
  [
    'collecting: what is old',
    /CollectGarbage|MarkCompact|ConcurrentMarking|IncrementalMarking|Sweep|Evacuat|MarkingVisitor/,
  ],
]
const COMPILER = /v8::internal::(compiler|baseline|maglev|Compiler|OptimizingCompile|TurbofanCompilation|LazyCompile)/

export type Thread = 'main thread' | 'store’s thread' | 'helpers'

function fileOf({ name, of }: Frame): string | undefined {
  return of === 'js' ? /\/dist\/(.*)$/.exec(name)?.[1] : undefined
}

const named = (rules: Rules, name: string): string | undefined => rules.find(([, names]) => names.test(name))?.[0]

/** Its step: the innermost frame that tells of one. */
export function stepOf({ frames }: Sample, thread: Thread): string {
  const garbage = collecting.find(([, names]) => frames.some(({ name }) => names.test(name)))
  if (garbage !== undefined) return garbage[0]
  if (frames.some(({ name }) => COMPILER.test(name))) return COMPILING
  if (thread === 'store’s thread' && frames.some(({ of }) => of === 'index.node')) return DATABASE
  for (const frame of frames) {
    const file = fileOf(frame)
    const step = file === undefined ? named(theirs, frame.name) : SHARED.test(file) ? undefined : named(files, file)
    // The store's thread has no connection: what it enciphers are texts. Elsewhere cryptography is its caller's.
    if (step === TLS && thread === 'store’s thread') return SEALING
    if (step !== undefined && (step !== SEALING || thread === 'store’s thread')) return step
  }
  // Libsql, SQLite and OpenSSL are built without frame pointers, so that who called them is not seen.
  const isCutOff = !/^(start_thread|__libc_start_call_main)$/.test(frames.at(-1)?.name ?? '')
  return thread === 'store’s thread' && isCutOff ? DATABASE : REST
}

export const kinds = ['JavaScript', 'V8, Node', 'OpenSSL', 'SQLite', 'libc', 'kernel'] as const
export type Kind = (typeof kinds)[number]

/** What the processor was in. */
export function kindOf({ frames }: Sample): Kind {
  const { name, of } = frames[0] ?? { name: '', of: '' }
  if (of === 'js' || name.startsWith('Builtins_')) return 'JavaScript'
  if (of.startsWith('[')) return 'kernel'
  if (of === 'index.node') return 'SQLite'
  if (of !== 'node') return 'libc'
  return /::|^uv_|^napi_|^node_|^operator|^inflate|^deflate/.test(name) ? 'V8, Node' : 'OpenSSL'
}

/** The first one, the one that runs the store, and those that V8 and libuv have for both. */
export function threadsOf(samples: readonly Sample[], pid: number): (sample: Sample) => Thread {
  const stores = new Set<number>()
  for (const { thread, frames } of samples) {
    if (thread !== pid && frames.some((frame) => fileOf(frame)?.startsWith('stores/') === true)) stores.add(thread)
  }
  return ({ thread }) => (thread === pid ? 'main thread' : stores.has(thread) ? 'store’s thread' : 'helpers')
}
