/** A house that something is wrong with: what `check`, `check --live`, the log, `/ready` and the page say of it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock } from '../../lib/clock'
import { readConfig } from '../../lib/config'
import { makeObserve } from '../../lib/observe'
import { startService, type Service } from '../../lib/service'
import { callAt } from './call'
import { startHouse, type House } from './house'
import { pageAt, readyAt } from './told-over-http'

type Json = Record<string, Record<string, unknown>>

/** What may be broken. */
export interface Breakable {
  readonly house: House
  /** The configuration, to be changed. */
  readonly config: Json
  readonly path: (name: string) => string
  /** To be undone when it was looked at. */
  readonly later: (undo: () => unknown) => void
}

export interface Breaking {
  /** Before anything is started. */
  readonly breaks: (of: Breakable) => unknown
  /** While the service runs; `check` then asks that one. */
  readonly meanwhile?: (of: Breakable) => Promise<unknown>
  /** The clock of the machine that the program runs on. */
  readonly clock?: (right: Clock) => Clock
}

/** Whatever is told as wrong, a line each; `ready` and `page` are undefined where the service did not start. */
export interface Symptoms {
  readonly check: readonly string[]
  readonly live: readonly string[]
  readonly log: readonly string[]
  readonly ready: readonly string[] | undefined
  readonly page: readonly string[] | undefined
}

export interface BrokenHouse {
  look(breaking: Breaking): Promise<Symptoms>
  close(): Promise<void>
}

/** A look a millisecond: one look after the other would take from the machine what the looked at needs. */
const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 1))

/** Lets time pass with real round trips in between, until it is so or so many steps are over. */
async function until(house: House, so: () => boolean): Promise<void> {
  for (let step = 0; step < 60 && !so(); step++) {
    await house.clock.advance(500)
    for (const begun = performance.now(); performance.now() - begun < 100 && !so();) await turn()
  }
}

/** Lets so many milliseconds pass, with round trips to the store in between. */
async function breathe(house: House, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    await house.clock.advance(500)
    for (const begun = performance.now(); performance.now() - begun < 10;) await turn()
  }
}

async function ended<T>(house: House, call: Promise<T>): Promise<T> {
  let isOver = false
  const watched = call.finally(() => (isOver = true))
  watched.catch(() => undefined)
  // Bounded by time that passes for real, for what is asked goes over real sockets: a second of ours takes a while of theirs.
  for (const begun = performance.now(); !isOver && performance.now() - begun < 20_000;) {
    for (const since = performance.now(); !isOver && performance.now() - since < 100;) await turn()
    if (!isOver && performance.now() - begun > 1_500) await house.clock.advance(1_000)
  }
  return watched
}

/** Faults and warnings of a report, each with its mend on the same line. */
function findingsIn(report: string): readonly string[] {
  return [...report.matchAll(/^(FAULT|warning) +(.*)(?:\n +(→ .*))?/gm)].map(([, is = '', text = '', mend = '']) =>
    [is, text, mend].join(' ').trim(),
  )
}

/** Warnings and errors of the log, each once, as journald shows them. */
function troublesIn(lines: readonly string[]): readonly string[] {
  const told = lines.flatMap((line) => /^<([34])>(.*)/.exec(line)?.[2] ?? [])
  return [...new Set(told.map((text) => text.replace(/; next try in [\d.]+ s$/, '')))]
}

/** What differs from machine to machine and from run to run. */
function plain(folder: string, lines: readonly string[]): readonly string[] {
  return lines.map((line) =>
    line
      .replaceAll(folder, '/etc/xmpp-push')
      .replace(/data\/broken-\d+\.db/g, 'data/xmpp-push.db')
      .replace(/((?:127\.0\.0\.1|localhost)(?::| port ))\d+/g, '$1…')
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…')
      // Where in the program it happened: a stack, as journald shows one.
      .replace(/\s+at \S.* \(\S+:\d+:\d+\)$/s, ''),
  )
}

/** The house's own service does not run; `look` breaks a copy of its configuration, and mends everything afterwards. */
export async function startBrokenHouse(): Promise<BrokenHouse> {
  const house = await startHouse()
  await ended(house, house.service().stop('to be broken'))
  const file = join(house.folder, 'component.config.json')
  const good = readFileSync(file, 'utf8')
  let copies = 0

  async function checked(clock: Clock, ...words: readonly string[]): Promise<readonly string[]> {
    return findingsIn((await ended(house, callAt(clock, 'check', ...words, '--config', file))).out)
  }

  async function look({ breaks, meanwhile, clock: clockOf = (right) => right }: Breaking): Promise<Symptoms> {
    // Apple wants no key to sign twice within 20 minutes.
    await house.clock.advance(21 * 60_000)
    const undone: (() => unknown)[] = []
    const config = JSON.parse(good) as Json
    config['http'] = { listeners: [{ listen: '127.0.0.1:0', serve: ['health', 'page'] }] }
    // Each has a store of its own: what was proven of one says nothing of the next.
    config['store'] = { kind: 'sqlite', file: `data/broken-${++copies}.db` }
    const path = (name: string): string => join(house.folder, name)
    const breakable: Breakable = { house, config, path, later: (undo) => undone.push(undo) }
    const clock = clockOf(house.clock)
    const log: string[] = []
    let [check, live]: (readonly string[])[] = []
    let [ready, page]: (readonly string[] | undefined)[] = []
    let service: Service | undefined
    const checks = async (): Promise<void> => {
      check = await checked(clock)
      live = await checked(clock, '--live')
    }
    try {
      await breaks(breakable)
      writeFileSync(file, JSON.stringify(config))
      if (meanwhile === undefined) await checks()
      const read = readConfig({ file, env: {} })
      if (read.is === 'faults') log.push(...read.faults.map(({ path, text, mend }) => `<3>${path}: ${text} → ${mend}`))
      else {
        const write = (line: string): void => void log.push(line)
        const observe = makeObserve({ level: 'warn', format: 'journal', destination: { write } })
        service = await ended(house, startService(read.config, { observe, clock, proves: true }))
        await until(
          house,
          () => log.some((line) => line.startsWith('<3>')) || (meanwhile !== undefined && online(service)),
        )
        if (meanwhile !== undefined) {
          await meanwhile(breakable)
          await until(house, () => log.length > 0)
          await checks()
        }
        // The page reads what is not cheap after it was first looked at.
        await ended(house, pageAt(service.urls[0] ?? ''))
        await breathe(house, 6_000)
        ready = await ended(house, readyAt(service.urls[0] ?? ''))
        page = await ended(house, pageAt(service.urls[0] ?? ''))
      }
    } catch (error) {
      // As `run` tells it.
      log.push(`<3>xmpp-push: not started: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      for (const undo of undone.reverse()) await undo()
      if (service !== undefined) await ended(house, service.stop('it was looked at'))
      writeFileSync(file, good)
    }
    const told = (lines: readonly string[]): readonly string[] => plain(house.folder, lines)
    return {
      ...{ check: told(check ?? []), live: told(live ?? []), log: told(troublesIn(log)) },
      ...{ ready: ready === undefined ? ready : told(ready), page: page === undefined ? page : told(page) },
    }
  }

  return {
    look,
    async close() {
      await ended(house, house.start())
      await house.close()
    },
  }

  /** Whether the service that is looked at is attached. */
  function online(service: Service | undefined): boolean {
    return service !== undefined && house.server.connections('push.example.com') > 0
  }
}
