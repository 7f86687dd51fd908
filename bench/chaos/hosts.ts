/** One instance's place: its configuration and its clock, the life that runs there now, and how one life follows another. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Life, type Program } from '../kill/lives'
import { type Ground } from './ground'
import { type Load } from './load'
import { clockFile, type Host } from './process-faults'
import { type Span } from './violations'
import { type World } from './world'

/** What a run remembers of its instances. */
export interface Notes {
  readonly complaints: string[]
  /** Whether the books closed at each violent end; undefined where nobody could tell. */
  readonly closedAt: (boolean | undefined)[]
  readonly wrongClock: Span[]
  /** When an instance was killed (`performance.now()`). */
  readonly kills: number[]
  /** The highest resident size of any life, in MiB. */
  memory: number
}

export interface Instance extends Host {
  /** How often it was killed. */
  readonly kills: () => number
  /** Resolves when it is attached to the server. */
  begin(): Promise<void>
  /** Stops the life in order and goes on with another program. */
  upgrade(program: Program): Promise<void>
  /** Takes note of the memory of the life. */
  weigh(): void
}

export interface HostOptions {
  readonly world: World
  readonly ground: Ground
  readonly load: Load
  readonly program: Program
  readonly notes: Notes
  /** Its own; is made. */
  readonly folder: string
  readonly sleep: (ms: number) => Promise<void>
  readonly until: (isSo: () => boolean, within: number) => Promise<boolean>
}

const ATTACHED_WITHIN = 60_000
/** A start that meets a database which is away is tried again, as a service manager does. */
const [STARTS, PAUSE] = [60, 500]

export function makeHost(options: HostOptions): Instance {
  const { world, ground, load, notes, folder, sleep, until } = options
  mkdirSync(folder, { recursive: true })
  const config = world.furnish(folder, ground.settings)
  const clock = join(folder, 'clock')
  const setClock = clockFile(clock)
  const preload = `--require ${join(__dirname, 'wall-clock.cjs')}`
  let { program } = options
  let life: Life | undefined
  let wrong: Span | undefined
  let killed = 0

  const weigh = (): void => {
    try {
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${life?.pid ?? 0}/status`, 'utf8'))?.[1]
      notes.memory = Math.max(notes.memory, Number(peak ?? 0) / 1024)
    } catch {
      // it has ended
    }
  }

  const begin = async (): Promise<void> => {
    for (let starts = 0; starts < STARTS; starts++) {
      const since = performance.now()
      const fresh = program.start(config, { CHAOS_CLOCK: clock, NODE_OPTIONS: preload })
      life = fresh
      // By its own word: the server may not have noticed yet that the last life's connection is dead.
      const isOnline = (): boolean => fresh.log().some((line) => line['at'] === 'link' && line['is'] === 'online')
      const isUp = await until(() => isOnline() || fresh.isOver(), ATTACHED_WITHIN)
      if (isUp && !fresh.isOver()) return
      if (!ground.wasAway(since)) throw new Error(`the program does not attach: ${fresh.complaints()}`)
      if (!fresh.isOver()) await fresh.kill()
      fresh.excuse()
      await sleep(PAUSE)
    }
    throw new Error('the program does not attach, however often it is started')
  }

  const current = (): Life => {
    if (life === undefined) throw new Error('no life has begun')
    return life
  }

  const end = async (how: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const last = current()
    weigh()
    if (last.isOver()) notes.complaints.push(`a process ended by itself: ${last.complaints()}`)
    if (how === 'SIGKILL') {
      await last.kill()
      killed += 1
      notes.kills.push(performance.now())
      notes.closedAt.push(await ground.killed())
      return
    }
    const over = last.stop()
    await ground.stopping(over)
    const code = await over
    if (code !== 0) notes.complaints.push(`SIGTERM ended with ${String(code)}: ${last.complaints()}`)
  }

  return {
    disk: ground.disk,
    setClock(by) {
      if (by !== 0) notes.wrongClock.push((wrong = { from: performance.now() }))
      else if (wrong !== undefined) wrong.to = performance.now()
      setClock(by)
    },
    sleep,
    begin,
    weigh,
    life: current,
    kills: () => killed,
    async ring() {
      const { entries } = world.apns.journal
      let [seen, isThere] = [entries.length, false]
      load.ring()
      for (const until = performance.now() + 2_000; performance.now() < until && !isThere; await sleep(2)) {
        isThere = entries.slice(seen).some(({ headers }) => headers['apns-push-type'] === 'voip')
        seen = entries.length
      }
    },
    async restart(how) {
      await end(how)
      await begin()
    },
    async upgrade(next) {
      await end('SIGTERM')
      program = next
      await begin()
    },
  }
}
