/**
 * Gives memory back to the system once the process rests: what a start, a burst or an outage made the heap grow by, V8 keeps by itself. Knows V8's
 * heap (Node 20 to 24), and nothing of what lies in it.
 *
 * busy → (two looks in a row find the event loop at rest, and the heap grown since the last time) → collected → resting until the heap has grown
 * again. A collection stops the process for some 50 ms, hence at rest only.
 */
import type * as Inspector from 'node:inspector'
import { type Clock } from '../clock'
import { makeBusy } from './working'

/** Milliseconds between two looks. */
const LOOK_EVERY = 1_000
/** Looks in a row that find it at rest. */
const LOOKS = 2
/** Share of its time for which the event loop of a process at rest works at most: a push a second is a tenth of it. */
const RESTS = 0.02
/** Bytes by which the heap has to have grown, to be worth the pause. */
const WORTH = 6 * 1024 * 1024

export interface GivingBack {
  readonly clock: Clock
  /** Share of its time for which the event loop worked since it was last asked; the process's own by default. */
  readonly busy?: () => number
  /** Bytes that the heap takes; the process's own by default. */
  readonly heap?: () => number
  /** Collects all there is and gives back what it held. */
  readonly collect?: () => Promise<void>
}

/** Milliseconds for which a thread is waited for: one whose disk hangs answers nothing. */
const THREAD_WITHIN = 1_000
const COLLECT = 'HeapProfiler.collectGarbage'

/** The same in each thread that runs. Resolves once all have answered, or have had their time. */
async function collectThreads(session: Inspector.Session, clock: Clock): Promise<void> {
  const asked = new Set<string>()
  await new Promise<void>((done) => {
    const late = clock.after(THREAD_WITHIN, done)
    function over(thread: string): void {
      asked.delete(thread)
      if (asked.size > 0) return
      late()
      done()
    }
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
      asked.add(sessionId)
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: 1, method: COLLECT }) })
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => over(params.sessionId))
    session.on('NodeWorker.detachedFromWorker', ({ params }) => over(params.sessionId))
    // Those that run are told of before this is answered.
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => asked.size === 0 && over(''))
  })
  await new Promise((done) => session.post('NodeWorker.disable', () => setImmediate(done)))
}

/**
 * A full collection of every thread, after which V8 keeps no page that it need not. Never rejects: a Node that is built without an inspector
 * collects nothing.
 */
export async function collectAll(clock: Clock): Promise<void> {
  try {
    const { Session } = module.require('node:inspector') as typeof Inspector
    const session = new Session()
    session.connect()
    // On the next turn: a session that is closed within its answer keeps Node 20 from ending.
    await new Promise((done) => session.post(COLLECT, () => setImmediate(done)))
    await collectThreads(session, clock)
    session.disconnect()
  } catch {
    // The heap stays as large as it is.
  }
}

/** Looks from now on; the function returned ends it. Keeps no process alive. */
export function giveBackAtRest({
  clock,
  busy = makeBusy(),
  heap = () => process.memoryUsage().heapTotal,
  collect = () => collectAll(clock),
}: GivingBack): () => void {
  /** What the heap took when it was last collected. */
  let least = 0
  let calm = 0
  let isStopped = false
  let cancel = (): void => undefined

  async function look(): Promise<void> {
    calm = busy() <= RESTS ? calm + 1 : 0
    if (calm >= LOOKS && heap() - least >= WORTH) {
      await collect()
      least = heap()
      calm = 0
    }
    if (!isStopped) next()
  }
  function next(): void {
    cancel = clock.after(LOOK_EVERY, () => void look())
  }

  busy()
  next()
  return () => {
    isStopped = true
    cancel()
  }
}
