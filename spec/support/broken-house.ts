/** A house that something is wrong with: what `check --live`, the log and `/ready` say of it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { readConfig } from '../../lib/config'
import { makeObserve } from '../../lib/observe'
import { startService } from '../../lib/service'
import { callAt } from './call'
import { startHouse, type House } from './house'

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

export interface Symptoms {
  readonly check: string
  readonly log: string
  readonly ready: string
}

export interface BrokenHouse {
  look(breaking: (of: Breakable) => unknown): Promise<Symptoms>
  close(): Promise<void>
}

function get(url: string): Promise<string> {
  return new Promise((done, failed) => {
    request(url, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => done(text))
    })
      .on('error', failed)
      .end()
  })
}

/** Lets time pass with real round trips in between, until it is so or so many steps are over. */
async function until(house: House, so: () => boolean | Promise<boolean>): Promise<void> {
  for (let step = 0; step < 60 && !(await so()); step++) {
    await house.clock.advance(500)
    for (const begun = performance.now(); performance.now() - begun < 100;)
      await new Promise((done) => setImmediate(done))
  }
}

async function ended<T>(house: House, call: Promise<T>): Promise<T> {
  let isOver = false
  const watched = call.finally(() => (isOver = true))
  watched.catch(() => undefined)
  const turn = (): Promise<void> => new Promise((done) => setImmediate(done))
  // Bounded by time that passes for real, for what is asked goes over real sockets: a second of ours takes a while of theirs.
  for (const begun = performance.now(); !isOver && performance.now() - begun < 20_000;) {
    for (const since = performance.now(); !isOver && performance.now() - since < 100;) await turn()
    if (!isOver && performance.now() - begun > 1_500) await house.clock.advance(1_000)
  }
  return watched
}

/** The house's own service does not run; `look` breaks a copy of its configuration, and mends everything afterwards. */
export async function startBrokenHouse(): Promise<BrokenHouse> {
  const house = await startHouse()
  await ended(house, house.service().stop('to be broken'))
  const file = join(house.folder, 'component.config.json')
  const good = readFileSync(file, 'utf8')
  let copies = 0

  return {
    async look(breaking) {
      // Apple wants no key to sign twice within 20 minutes.
      await house.clock.advance(21 * 60_000)
      const undone: (() => unknown)[] = []
      const config = JSON.parse(good) as Json
      config['http'] = { listeners: [{ listen: '127.0.0.1:0', serve: ['health'] }] }
      // Each has a store of its own: what was proven of one says nothing of the next.
      config['store'] = { kind: 'sqlite', file: `data/broken-${++copies}.db` }
      const path = (name: string): string => join(house.folder, name)
      await breaking({ house, config, path, later: (undo) => undone.push(undo) })
      writeFileSync(file, JSON.stringify(config))
      const log: string[] = []
      let ready = ''
      const { out } = await ended(house, callAt(house.clock, 'check', '--live', '--config', file))
      try {
        const read = readConfig({ file, env: {} })
        if (read.is === 'faults') return { check: out, log: read.faults.map(({ text }) => text).join('\n'), ready }
        const observe = makeObserve({ level: 'debug', destination: { write: (line) => void log.push(line) } })
        const service = await ended(house, startService(read.config, { observe, clock: house.clock, proves: true }))
        await until(house, () => log.some((line) => line.includes('"trouble"') || line.includes('"refused"')))
        await until(house, () => log.some((line) => line.includes('"link"')))
        ready = await ended(house, get(`${service.urls[0] ?? ''}/ready`))
        await ended(house, service.stop('it was looked at'))
      } catch (error) {
        log.push(error instanceof Error ? error.message : String(error))
      } finally {
        for (const undo of undone.reverse()) await undo()
        writeFileSync(file, good)
      }
      return { check: out, log: log.map((line) => line.trim()).join('\n'), ready }
    },
    async close() {
      await ended(house, house.start())
      await house.close()
    },
  }
}
