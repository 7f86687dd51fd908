/**
 * Sees to it that servers hear of nodes that ended without their knowledge (XEP-0357 v0.4.1 §7, remote disabling): whom to
 * tell, when, and how fast. What is to be told is on disk until it was told. Knows no stanza.
 */
import { type Clock } from '../clock'
import { isStandIn } from '../model/stand-in'
import { type Observe } from '../observe'
import { type RemoteDisable, type RemoteDisables } from '../stores/store'
import { makeSoftware, SILENCE, type Software } from './software'

/** `auto`: servers whose software is known to read it. */
export type WhenToDisable = 'auto' | 'always' | 'never'

/** The way from one JID of ours to servers. Nothing here rejects. */
export interface ServerLine {
  isOnline(): boolean
  softwareOf(domain: string): Promise<Software>
  /** Tells the owner's server; true once the link has it. */
  disable(owner: string, node: string): Promise<boolean>
}

export interface RemoteDisablingOptions {
  readonly rows: RemoteDisables
  readonly when: WhenToDisable
  /** By our JID; undefined where it is none of ours any more. */
  readonly lineOf: (service: string) => ServerLine | undefined
  /** Where other instances tell servers too: whether this one is attached anywhere. What it can't tell itself is theirs. */
  readonly isAttached?: () => boolean
  /** The clock by which rows are told (ms since 1970). */
  readonly now: () => number
  readonly clock: Clock
  readonly observe: Observe
}

export interface RemoteDisabling {
  start(): void
  /** What was not told by now stays on disk. */
  stop(): void
}

/** Names that servers give themselves (XEP-0092) which read the message. Of six servers one does. */
const READERS = [/^tigase\b/i]
/** Milliseconds between looks at what is due. */
const EVERY = 5_000
/** Rows looked at together: so many questions may be out at a time. */
const BATCH = 50
/** Milliseconds between two messages. */
const PACE = 100
/** Milliseconds after which a row comes back: its link was down, or whoever claimed it is gone. */
const AGAIN = 60_000
/** Milliseconds after which a server that can't be reached need not hear of it: its next publish tells it all the same. */
const LONGEST = 7 * 24 * 3600_000

/** Nothing happens before `start`. */
export function makeRemoteDisabling(options: RemoteDisablingOptions): RemoteDisabling {
  const { rows, when, lineOf, isAttached, now, clock, observe } = options
  const stopping = new AbortController()
  const software = makeSoftware(clock)
  let cancel = (): void => undefined
  let isBroken = false

  /** Whether its server is told, or for how many milliseconds the row is put off. */
  async function judge({ service, owner, at }: RemoteDisable): Promise<'tell' | 'end' | number> {
    const line = lineOf(service)
    if (when === 'never' || now() - at > LONGEST) return 'end'
    if (line === undefined) return isAttached === undefined ? 'end' : AGAIN
    // Nobody knows whose it was: its next publish tells the server.
    if (isStandIn(owner)) return 'end'
    if (!line.isOnline()) return AGAIN
    if (when === 'always') return 'tell'
    const domain = owner.slice(owner.indexOf('@') + 1)
    const said = await software(`${service} ${domain}`, () => line.softwareOf(domain))
    if (said.is === 'silent') return SILENCE
    return said.is === 'named' && READERS.some((reader) => reader.test(said.name)) ? 'tell' : 'end'
  }

  /**
   * The claim is the last thing before the stanza: who registers the node again takes the row away, and is answered on the
   * same link after it, so that its client enables what was disabled before.
   */
  async function tell(row: RemoteDisable): Promise<void> {
    const { service, owner, node, registration } = row
    if (!(await rows.claim(row, now() + AGAIN))) return
    if ((await lineOf(service)?.disable(owner, node)) !== true) return
    observe({ at: 'remote-disabled', service, owner, registration })
    await rows.end([registration])
  }

  /** True if there may be more. */
  async function look(): Promise<boolean> {
    // Whoever is attached finds them due, and not put off by us.
    if (isAttached?.() === false) return false
    const due = await rows.due(now(), BATCH)
    const judged = await Promise.all(due.map(async (row) => ({ row, verdict: await judge(row) })))
    const ended = judged.flatMap(({ row, verdict }) => (verdict === 'end' ? [row.registration] : []))
    if (ended.length > 0) await rows.end(ended)
    const later = judged.flatMap(({ row, verdict }) => (typeof verdict === 'number' ? [{ row, ms: verdict }] : []))
    await Promise.all(later.map(({ row, ms }) => rows.claim(row, now() + ms)))
    for (const [at, row] of judged.flatMap(({ row, verdict }) => (verdict === 'tell' ? [row] : [])).entries()) {
      if (at > 0) await clock.sleep(PACE, stopping.signal)
      if (stopping.signal.aborted) return false
      await tell(row)
    }
    return due.length === BATCH
  }

  async function round(): Promise<void> {
    try {
      while (!stopping.signal.aborted && (await look())) await clock.sleep(PACE, stopping.signal)
      isBroken = false
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (!isBroken && !stopping.signal.aborted) {
        observe({
          at: 'trouble',
          about: 'remote disabling',
          text: `servers can't be told of nodes that are gone: ${why}`,
        })
      }
      isBroken = true
    }
  }

  function schedule(): void {
    cancel = clock.after(EVERY, () => {
      void round().then(() => {
        if (!stopping.signal.aborted) schedule()
      })
    })
  }

  return Object.freeze({
    start: schedule,
    stop() {
      stopping.abort()
      cancel()
    },
  })
}
