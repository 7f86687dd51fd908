/** A restore while the service runs: this process makes the backup ready beside the store, the service exchanges the two and tells what came of it. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type BackupProgress, type Exchanged, type Prepared, type Restored, type RestoreOrder } from '../model/backup'
import { BrokenOff, endOf, type EndSignal, unlessBrokenOff } from './end-signal'
import { NotDone, type OwnStore, Silent } from './own-store'
import { losses } from './restore-report'
import { holdStore, type StoreHold } from './store-hold'
import { type Terminal } from './terminal'

export interface RestoreRunningOptions {
  readonly store: OwnStore
  readonly order: RestoreOrder
  /** It is not asked whether it is wanted. */
  readonly isWanted: boolean
  readonly progress: BackupProgress
  /** Nothing is drawn from now on. */
  readonly drawn: () => void
  /** Whoever runs the command wants it to end. */
  readonly end: EndSignal
  readonly terminal: Terminal
}

/** Milliseconds between two questions whether it is done. */
const LOOK = 200
/** Milliseconds in which the service must have come back: it gives what is out ten seconds to end. */
const PATIENCE = 120_000
/** Milliseconds in which the service is to hear that it need not keep its place free any longer. */
const LET_GO = 5_000

export const AS_IT_WAS = 'the store is as it was'
const GOES_ON = 'the service goes on exchanging the store all the same, and its log tells what came of it'

/** Whether whoever sits at the terminal wants it; where nobody does, it is not. */
async function isWantedBy({ onEnter, err }: Terminal, end: EndSignal): Promise<boolean> {
  if (onEnter === undefined) return false
  err('Press Enter to do it, or Ctrl-C to leave all as it is.\n')
  let ignore = (): void => undefined
  const entered = new Promise<void>((resolve) => (ignore = onEnter(resolve)))
  await Promise.race([entered, endOf(end)])
  ignore()
  return !end.signal.aborted
}

const formersOf = (place: string): readonly string[] =>
  readdirSync(dirname(place)).filter((name) => name.startsWith(`${basename(place)}.before-`))

/** Which of the two stores is there, where the service was killed and can't say. */
function whichIsThere(place: string, formers: readonly string[]): string {
  const isExchanged = !existsSync(`${place}.restoring`) && formersOf(place).some((name) => !formers.includes(name))
  return isExchanged ? 'the backup is in place, whole' : 'the store that was there before is in place, whole'
}

/** Has the service come down and waits until it is there again. */
async function exchange(
  store: OwnStore,
  hold: string,
  madeAt: number | undefined,
  { clock }: Terminal,
): Promise<Exchanged> {
  const { place } = store
  const formers = formersOf(place)
  // Where the service is killed at it, nobody answers: what came of it is asked for all the same.
  await heard(store.ask({ ask: 'exchange', hold, ...(madeAt === undefined ? {} : { madeAt }) }))
  for (const begun = clock.elapsed(); clock.elapsed() - begun < PATIENCE; await clock.sleep(LOOK)) {
    const answer = await heard(store.ask({ ask: 'exchanged', hold }))
    if (answer?.is === 'done') return answer.exchanged
    if (answer?.is === 'unknown') {
      throw new NotDone(`the service ended meanwhile and was started anew; ${whichIsThere(place, formers)}`)
    }
  }
  const why = `the service came down, and is not back after ${PATIENCE / 60_000} min; its log tells why`
  throw new NotDone(`${why}; ${whichIsThere(place, formers)}`)
}

/** Undefined while the service comes down, and until it is there again. */
async function heard<T>(asked: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Silent) return undefined
    throw error
  }
}

async function confirm(prepared: Prepared, { store, isWanted, end, terminal }: RestoreRunningOptions): Promise<void> {
  const now = await store.ask({ ask: 'holding', after: prepared.madeAt ?? Number.MAX_SAFE_INTEGER })
  if (now === undefined || isWanted) return
  terminal.err(`${losses(prepared, now).join('\n')}\n`)
  if (await isWantedBy(terminal, end)) return
  const how = terminal.onEnter === undefined ? '; to do it without being asked, say --yes' : ''
  throw new NotDone(`nothing was changed, and the service goes on${how}`)
}

/** Undefined where no service runs. Rejects with `NotDone`, or with what hinders it and left the store as it was. */
export async function restoreRunning(options: RestoreRunningOptions): Promise<Restored | undefined> {
  const { store, order, progress, drawn, end, terminal } = options
  const restoring = store.backup.restoring(terminal.clock)
  const givenUp = (by: string): BrokenOff => new BrokenOff(by, AS_IT_WAS, () => restoring.discard())
  const held: StoreHold | undefined = await holdStore(store, 'hold-place', terminal)
  if (held === undefined) return undefined
  let prepared: Prepared
  try {
    prepared = await unlessBrokenOff(end, restoring.prepare(order, progress), givenUp)
    drawn()
    await confirm(prepared, options)
    const broken = await held.handOver()
    if (broken !== undefined) throw new NotDone(`${broken}; ${AS_IT_WAS}`)
    if (end.signal.aborted) throw givenUp(await endOf(end))
  } catch (error) {
    restoring.discard()
    const over = new AbortController()
    await Promise.race([held.off(), terminal.clock.sleep(LET_GO, over.signal)])
    over.abort()
    throw error
  }
  const exchanging = exchange(store, held.name, prepared.madeAt, terminal)
  const exchanged = await unlessBrokenOff(end, exchanging, (by) => new BrokenOff(by, GOES_ON, () => undefined))
  return { ...prepared, to: store.place, ...exchanged }
}
