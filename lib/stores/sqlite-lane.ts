/**
 * The way to the store's thread: what is handed in during one turn of the event loop, or while a commit is under way,
 * travels as one batch, is one transaction, and costs one fsync. Knows no SQL and no meaning of what it carries.
 *
 * idle → (something is handed in) → gathering till the end of the turn → committing → idle or gathering again.
 * sick (a commit failed for want of a healthy disk): reads travel alone, settlements and the claim wait, puts and changes
 * are rejected at once; after a second one more batch is tried, settlements first. The trouble is told once, until
 * puts or changes are taken again. Where a part of the file is damaged, whoever needs that part is rejected alone; told once.
 */
import { type Worker } from 'node:worker_threads'
import { type Clock } from '../clock'
import { Unavailable } from '../model/unavailable'
import { freshOf, packed, packedAsReading } from './sqlite-packing'
import { makeHorizon } from './sqlite-horizon'
import { damageText, isDamaged, isFloorBroken, troubleText } from './sqlite-trouble'
import { makeTelling, type Told } from './telling'
import { type Brought, type Parcel } from './sqlite-parcel'
import {
  type Batch,
  type Done,
  type Failed,
  type Finding,
  type HasRead,
  type Reading,
  type ToldRegistrations,
} from './sqlite-protocol'

export interface LaneSurroundings {
  readonly worker: Worker
  /** For messages. */
  readonly file: string
  readonly clock: Clock
  readonly told: Told
  /** What the outbox adds to a batch that may hand out. */
  readonly claimed: () => Pick<Batch, 'released' | 'claim'>
  /** Told before the callers of that batch are answered; undefined if it failed, so that nothing was handed out. */
  readonly brought: (brought: Brought | undefined) => void
}

export interface Lane {
  hand(parcel: Parcel): void
  /** Says that the outbox has a claim or a release for the next batch. */
  wake(): void
  /** Deliveries handed in and not yet durable. */
  readonly queued: number
  /** Commits what was handed in, then ends the thread. Rejects what can't be committed, in 10 s at the latest. */
  close(): Promise<void>
}

interface UnderWay {
  readonly parcels: readonly Parcel[]
  /** False: it hands nothing out, so that the outbox is neither asked nor told. */
  readonly mayClaim: boolean
}

const MAX_PARCELS = 2000
const RETRY_MS = 1000
/** Longest that closing waits for a disk that does not answer. */
const CLOSE_MS = 10_000

export function makeLane({ worker, file, clock, told, claimed, brought }: LaneSurroundings): Lane {
  let queue: Parcel[] = []
  let queued = 0
  let isAwake = false
  let isScheduled = false
  let underWay: UnderWay | undefined
  let sick: { readonly error: Error; readonly mayTry: boolean } | undefined
  let cancelRetry = (): void => undefined
  const { trouble } = told
  const telling = makeTelling(file, clock, told)
  let isDamageTold = false
  /** Nothing is handed out for a while, for what would be is in the damaged part. */
  let isResting = false
  /** So many parcels from the front travel each alone: one of them is at fault. */
  let singly = 0
  let dead: Error | undefined
  let closed: Promise<void> | undefined
  const horizon = makeHorizon(clock)
  let emptied: (() => void) | undefined

  const takeFirst = (count: number): Parcel[] => {
    const parcels = queue.slice(0, count)
    queue = queue.slice(count)
    return parcels
  }
  const takeOnly = (of: Parcel['of']): Parcel[] => {
    const parcels = queue.filter((parcel) => parcel.of === of)
    if (parcels.length > 0) queue = queue.filter((parcel) => parcel.of !== of)
    return parcels
  }

  /** What travels next, taken off the queue. */
  const next = (): { readonly parcels: Parcel[]; readonly mayClaim: boolean } => {
    if (singly > 0) {
      singly--
      return { parcels: takeFirst(1), mayClaim: false }
    }
    if (sick === undefined) return { parcels: takeFirst(MAX_PARCELS), mayClaim: !isResting }
    const reads = takeOnly('read')
    if (reads.length > 0 || !sick.mayTry) return { parcels: reads, mayClaim: false }
    const settles = takeOnly('settle')
    if (settles.length > 0 || isAwake) return { parcels: settles, mayClaim: true }
    return { parcels: takeFirst(MAX_PARCELS), mayClaim: false }
  }

  /** Answers the claim that waits where the thread could hand out nothing. True where it did. */
  const isSpared = ({ released }: Pick<Batch, 'released'>): boolean => {
    const until = sick === undefined && released.length === 0 ? horizon.quietUntil() : undefined
    if (until === undefined) return false
    brought({ fromDisk: [], fresh: [], nextDue: until === Infinity ? undefined : until })
    return true
  }

  /** What only asks travels lightly where nothing could come of more. */
  const readingOf = (parcels: readonly Parcel[]): Reading | Finding | undefined =>
    sick === undefined && !isAwake && horizon.quietUntil() !== undefined ? packedAsReading(parcels) : undefined

  const depart = (): void => {
    isScheduled = false
    if (underWay !== undefined || dead !== undefined) return
    const { parcels, mayClaim } = next()
    if (parcels.length === 0 && !(mayClaim && isAwake)) {
      if (queue.length === 0 || closed !== undefined) emptied?.()
      return
    }
    const reading = readingOf(parcels)
    if (reading !== undefined) {
      underWay = { parcels, mayClaim: false }
      worker.postMessage(reading)
      return
    }
    if (mayClaim) isAwake = false
    const addition = mayClaim ? claimed() : { released: [] }
    if (parcels.length === 0 && isSpared(addition)) return depart()
    underWay = { parcels, mayClaim }
    const setBack = horizon.setBack()
    worker.postMessage({
      ...{ now: clock.now(), ...packed(parcels), ...addition },
      ...(setBack > 0 ? { setBack } : {}),
    } satisfies Batch)
  }

  /** `later`: not before whoever was handed something has asked again, for what is put without a claim goes by way of the disk. */
  const schedule = (later = false): void => {
    if (isScheduled || underWay !== undefined) return
    isScheduled = true
    setImmediate(later ? () => setImmediate(depart) : depart)
  }

  const answer = ({ parcels, mayClaim }: UnderWay, done: Done): void => {
    let [put, asked] = [0, 0]
    if (mayClaim) {
      brought({ fromDisk: done.handed, fresh: freshOf(parcels, done.puts), nextDue: done.nextDue })
    }
    for (const parcel of parcels) {
      if (parcel.of === 'put') {
        const letters = done.puts.slice(put, (put += parcel.deliveries.length))
        queued -= parcel.deliveries.length
        parcel.resolve(letters)
      } else if (parcel.of === 'settle') parcel.resolve()
      else parcel.resolve(done.answers[asked++])
    }
  }

  const reject = (parcel: Parcel, error: Error): void => {
    if (parcel.of === 'put') queued -= parcel.deliveries.length
    parcel.reject(error)
  }

  const fallIll = (parcels: readonly Parcel[], error: Error): void => {
    telling.ails(error.message)
    sick = { error, mayTry: false }
    const onlyReads = parcels.every((parcel) => parcel.of === 'read')
    const back = parcels.filter(({ of }) => closed === undefined && (of === 'settle' || (of === 'read' && !onlyReads)))
    for (const parcel of parcels) if (!back.includes(parcel)) reject(parcel, error)
    queue = [...back, ...queue]
    for (const parcel of queue.filter(({ of }) => of === 'put' || of === 'change')) reject(parcel, error)
    queue = queue.filter(({ of }) => of !== 'put' && of !== 'change')
    cancelRetry()
    cancelRetry = clock.after(RETRY_MS, () => {
      sick = { error, mayTry: true }
      schedule()
    })
  }

  const rest = (): void => {
    isResting = true
    cancelRetry()
    cancelRetry = clock.after(RETRY_MS, () => {
      isResting = false
      schedule()
    })
  }

  const fail = ({ parcels, mayClaim }: UnderWay, { failed, code }: Failed): void => {
    if (mayClaim) brought(undefined)
    isAwake = true
    if (isFloorBroken(code)) return fallIll(parcels, new Unavailable(troubleText(file, code, failed)))
    if (isDamaged(code) && !isDamageTold) {
      isDamageTold = true
      trouble(damageText(file, failed))
    }
    const error = isDamaged(code) ? new Unavailable(damageText(file, failed)) : new Error(`store ${file}: ${failed}`)
    if (parcels.length > 1) {
      singly += parcels.length
      queue = [...parcels, ...queue]
    } else if (parcels[0] !== undefined) reject(parcels[0], error)
    else if (isDamaged(code)) rest()
    else fallIll([], error)
  }

  const answerReads = ({ parcels }: UnderWay, { read }: HasRead): void => {
    for (const [at, parcel] of parcels.entries()) if (parcel.of === 'read') parcel.resolve(read[at])
  }

  worker.on('message', (reply: Done | HasRead | ToldRegistrations | Failed) => {
    if (underWay === undefined) return
    const batch = underWay
    underWay = undefined
    if ('length' in reply) answerReads(batch, { read: [reply] })
    else if ('read' in reply) answerReads(batch, reply)
    else if ('failed' in reply) {
      horizon.lost()
      fail(batch, reply)
    } else {
      horizon.told(reply.soonest)
      for (const news of reply.news) trouble(`store ${file}: ${news}`)
      if (batch.parcels.some(({ of }) => of === 'put' || of === 'change')) telling.isWell()
      if (batch.parcels.some(({ of }) => of !== 'read')) sick = undefined
      answer(batch, reply)
    }
    const hasHanded = 'handed' in reply && (reply.handed.length > 0 || reply.puts.includes('c'))
    if (queue.length > 0 || isAwake || emptied !== undefined) schedule(hasHanded)
  })

  const die = (error: Error): void => {
    if (dead !== undefined) return
    dead = error
    if (closed === undefined) telling.ails(error.message)
    for (const parcel of [...(underWay?.parcels ?? []), ...queue]) reject(parcel, error)
    queue = []
    underWay = undefined
    emptied?.()
  }
  worker.on('error', (error) =>
    die(new Unavailable(`store ${file}: its thread failed (${error.message}); start again`)),
  )
  worker.on('exit', () => die(new Unavailable(`store ${file} is closed`)))

  const end = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      emptied = resolve
      schedule()
    })
    if (dead !== undefined) return
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage('close')
    await exited
  }

  let cancelGiveUp = (): void => undefined
  const giveUp = async (): Promise<void> => {
    await new Promise<void>((late) => {
      cancelGiveUp = clock.after(CLOSE_MS, late)
    })
    const text = `store ${file} does not answer, its disk hangs; closed without it: what was not answered may be lost`
    trouble(text)
    die(new Unavailable(text))
    void worker.terminate()
  }

  return {
    get queued() {
      return queued
    },
    hand(parcel) {
      if (parcel.of === 'put') queued += parcel.deliveries.length
      const refusal =
        dead ??
        (closed === undefined ? undefined : new Unavailable(`store ${file} is closed`)) ??
        (sick?.mayTry === false && (parcel.of === 'put' || parcel.of === 'change') ? sick.error : undefined)
      if (refusal !== undefined) return reject(parcel, refusal)
      queue.push(parcel)
      schedule()
    },
    wake() {
      isAwake = true
      schedule()
    },
    close() {
      cancelRetry()
      if (sick !== undefined) sick = { ...sick, mayTry: true }
      closed ??= Promise.race([end(), giveUp()]).then(() => cancelGiveUp())
      return closed
    },
  }
}
