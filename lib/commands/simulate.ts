/** `xmpp-push simulate`: the whole line on loopback, with throw-away keys in a folder of its own that goes when it ends. */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../config'
import { tell } from '../config/fault'
import { startService, type Service } from '../service'
import { hearEndSignal } from './end-signal'
import { isWarning, makeServiceLog, type ServiceLog } from './simulate-log'
import { makePage, type Page } from './simulate-page'
import { serve } from './simulate-serve'
import { jsonLines } from './simulate-shown'
import { openStage, type Stage } from './simulate-stage'
import { type Cast, prepare, StoryEnds, tellMessage } from './simulate-story'
import { type ExitCode, type Terminal } from './terminal'

/** The words of the call. */
export interface SimulateWords {
  /** End after one push. */
  readonly once?: true
  /** Run no service; a service of one's own is to come. */
  readonly serve?: true
  /** Which XMPP server; a real one where it can be had if left out. */
  readonly server?: 'prosody' | 'simulated'
}

const ATTACH_WITHIN = 10_000

/** William Shakespeare, Romeo and Juliet, act II, scene 2. None says a word that an address does. */
const LINES = [
  'But, soft! what light through yonder window breaks?',
  'See, how she leans her cheek upon her hand!',
  'With love’s light wings did I o’er-perch these walls',
  'Alack, there lies more peril in thine eye than twenty of their swords',
]

function introduce(stage: Stage, page: Page): void {
  page.heading('One push from end to end. Everything is on this machine; the keys are thrown away afterwards.')
  page.step('An XMPP server')
  if (stage.instead !== undefined) page.say(`${stage.instead}, so the simulated server takes its place.`)
  page.say(`It is ${stage.serverName}; ${stage.component} may attach to it as a component (XEP-0114).`)
  page.step('The push services, simulated')
  page.say(`APNs at ${stage.urls.apns}`)
  page.say(`a browser’s, for Web Push, at ${stage.urls.webpush}`)
  page.say(`FCM at ${stage.urls.fcm}, access tokens for it at ${stage.urls.oauth}`)
}

async function start({ stage, page, log, clock }: Omit<Cast, 'service'>): Promise<Service> {
  page.step(`The service, with this ${stage.configFile}`)
  page.show(jsonLines(stage.config))
  // No variable of the environment has a say in what this file means.
  const read = readConfig({ file: stage.configFile, env: {} })
  if (read.is === 'faults') throw new StoryEnds(read.faults.map(tell).join('\n'))
  return startService(read.config, { observe: log.observe, clock })
}

async function attach({ stage, page, clock, halt, service }: Cast): Promise<void> {
  const stop = new AbortController()
  const stopToo = (): void => stop.abort()
  halt.addEventListener('abort', stopToo)
  const online = service.whenOnline().then(() => true)
  const isOnline = await Promise.race([online, clock.sleep(ATTACH_WITHIN, stop.signal).then(() => false)])
  halt.removeEventListener('abort', stopToo)
  stop.abort()
  halt.throwIfAborted()
  if (!isOnline) throw new StoryEnds(`${stage.component} did not attach to the XMPP server in ${ATTACH_WITHIN} ms.`)
  page.say(`${stage.component} is attached.`)
}

/** Another message each time Enter is pressed, until the person has had enough. */
async function stay(
  cast: Cast,
  nodes: ReadonlyMap<Stage['devices'][number], string>,
  { onEnter }: Terminal,
): Promise<void> {
  const { page, halt } = cast
  page.heading(`\n${onEnter === undefined ? '' : 'Enter sends another message; '}Ctrl-C ends.`)
  let told = 1
  let telling: Promise<unknown> = Promise.resolve()
  const ignore = onEnter?.(() => {
    const text = LINES[told++ % LINES.length] ?? ''
    telling = telling
      .then(() => tellMessage(cast, nodes, text))
      .catch((error: unknown) => (halt.aborted ? undefined : page.end('bad', String(error))))
  })
  await new Promise<void>((done) => {
    if (halt.aborted) done()
    halt.addEventListener('abort', () => done(), { once: true })
  })
  ignore?.()
  await telling
}

function tellWarnings(page: Page, log: ServiceLog): void {
  const warnings = log.entries.filter(isWarning)
  if (warnings.length > 0) page.say('The service’s log says:')
  page.show(warnings.map(({ line }) => line))
}

async function play(stage: Stage, words: SimulateWords, terminal: Terminal, halt: AbortSignal): Promise<ExitCode> {
  const page = makePage(terminal, stage.secrets)
  const log = makeServiceLog('info')
  introduce(stage, page)
  if (words.serve === true) return serve({ stage, page, halt }, LINES, terminal)
  const before = { stage, page, log, clock: terminal.clock, halt }
  let service: Service | undefined
  try {
    service = await start(before)
    const cast = { ...before, service }
    await attach(cast)
    const nodes = await prepare(cast)
    if (!(await tellMessage(cast, nodes, LINES[0] ?? ''))) {
      tellWarnings(page, log)
      return 1
    }
    if (words.once !== true) await stay(cast, nodes, terminal)
    return 0
  } catch (error) {
    if (halt.aborted) return words.once === true ? 1 : 0
    page.end('bad', error instanceof Error ? error.message : String(error))
    tellWarnings(page, log)
    return 1
  } finally {
    await service?.stop('the simulation ends')
  }
}

/** Plays the line and shows it. With `once`: 0 only if the push arrived at every push service; else it stays until Ctrl-C. */
export async function simulate(words: SimulateWords, terminal: Terminal): Promise<ExitCode> {
  const end = hearEndSignal()
  const folder = await mkdtemp(join(tmpdir(), 'xmpp-push-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  let stage: Stage | undefined
  try {
    stage = await openStage(folder, words.server ?? 'either')
    return await play(stage, words, terminal, end.signal)
  } catch (error) {
    terminal.err(`simulate: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    await stage?.close()
    remove()
    process.off('exit', remove)
    end.off()
  }
}
