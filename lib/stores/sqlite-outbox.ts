/** The embedded store's outbox, main side: puts and settlements go to the lane, what comes back is matched with the claim. */
import { type Clock } from '../clock'
import { type Delivery } from '../model/notification'
import { type Claimed, type Outbox, type Put, type Room, type Settlement } from '../outbox/outbox'
import { makeListening } from './listening'
import { type Lane } from './sqlite-lane'
import { type Brought } from './sqlite-parcel'
import { type Batch } from './sqlite-protocol'
import { HANDED_FIELDS, readHanded } from './sqlite-rows'

/** Deliveries that may queue for a disk that does not answer; more are refused as `full`. */
const MAX_QUEUED = 10_000

/** A timer never sleeps longer, so that a machine's clock that was set forward is noticed. */
const MAX_NAP_MS = 60_000

interface Waiting {
  readonly room: Room
  resolve(claimed: readonly Claimed[]): void
}

export interface SqliteOutbox {
  readonly outbox: Outbox
  /** For the lane: what the next batch may hand out. */
  readonly claimed: () => Pick<Batch, 'released' | 'claim'>
  /** For the lane: what a batch brought. */
  readonly brought: (brought: Brought | undefined) => void
  /** Ends the claim that waits and all listening. */
  readonly close: () => void
}

const KEPT: readonly Put[] = Object.freeze(['kept'])

function answerOf(letters: string): readonly Put[] {
  if (letters === 'k' || letters === 'c') return KEPT
  return Array.from(letters, (letter) => (letter === 'f' ? 'full' : 'kept'))
}

const isCall = ({ delivery }: Claimed): boolean => delivery.notification.class === 'call'

/** `lane` is asked for late, for lane and outbox know each other. */
export function makeSqliteOutbox(lane: () => Lane, clock: Clock): SqliteOutbox {
  let waiting: Waiting | undefined
  let released: string[] = []
  /** Released in the batch under way; they go again if it fails. */
  let releasing: string[] = []
  let cancelNap = (): void => undefined
  let isClosed = false
  const listening = makeListening(clock)

  /** The claim may be another than the one the batch left with: what it has no room for goes back. */
  const fill = (found: readonly Claimed[]): void => {
    const left = new Map(waiting?.room)
    const taken: Claimed[] = []
    for (const claimed of [...found.filter(isCall), ...found.filter((one) => !isCall(one))]) {
      const room = left.get(claimed.delivery.app) ?? 0
      if (room > 0) taken.push(claimed)
      else released.push(claimed.delivery.id)
      left.set(claimed.delivery.app, room - 1)
    }
    if (released.length > 0) lane().wake()
    if (taken.length === 0) return
    waiting?.resolve(taken)
    waiting = undefined
  }

  const put = (deliveries: readonly Delivery[]): Promise<readonly Put[]> => {
    const queued = lane().queued
    if (queued > 0 && queued + deliveries.length > MAX_QUEUED) return Promise.resolve(deliveries.map(() => 'full'))
    return new Promise((resolve, reject) => {
      lane().hand({ of: 'put', deliveries, resolve: (letters) => resolve(answerOf(letters)), reject })
    })
  }

  const outbox: Outbox = Object.freeze({
    put,
    claim(room: Room) {
      waiting?.resolve([])
      waiting = undefined
      cancelNap()
      if (isClosed) return Promise.resolve([])
      return new Promise<readonly Claimed[]>((resolve) => {
        waiting = { room: new Map(room), resolve }
        lane().wake()
      })
    },
    settle(settlements: readonly Settlement[]) {
      return new Promise<void>((resolve, reject) => {
        const settled = () => {
          listening.settled(settlements)
          resolve()
        }
        lane().hand({ of: 'settle', settlements, resolve: settled, reject })
      })
    },
    heard: (id: string, within: number) => listening.heard(id, within),
    isListenedTo: (id: string) => listening.isListenedTo(id),
  })

  return Object.freeze({
    outbox,
    claimed() {
      releasing = released
      released = []
      const claim = waiting === undefined ? [] : [...waiting.room].flat()
      return claim.length === 0 ? { released: releasing } : { released: releasing, claim }
    },
    brought(brought: Brought | undefined) {
      if (brought === undefined) {
        released = [...releasing, ...released]
        releasing = []
        return
      }
      releasing = []
      const fromDisk: Claimed[] = []
      for (let at = 0; at < brought.fromDisk.length; at += HANDED_FIELDS) {
        fromDisk.push(readHanded(brought.fromDisk, at))
      }
      const fresh = brought.fresh.map((delivery) => ({ delivery, attempts: 0, ambiguous: false }))
      if (fromDisk.length > 0 || fresh.length > 0) fill([...fromDisk, ...fresh])
      cancelNap()
      if (waiting === undefined || brought.nextDue === undefined) return
      const nap = Math.min(Math.max(brought.nextDue - clock.now(), 0), MAX_NAP_MS)
      cancelNap = clock.after(nap, () => lane().wake())
    },
    close() {
      isClosed = true
      cancelNap()
      waiting?.resolve([])
      waiting = undefined
      listening.close()
    },
  })
}
