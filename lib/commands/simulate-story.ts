/** The story of a simulation, told while it happens: devices register, their owner goes offline, someone writes, the phones are woken. */
import { type Clock } from '../clock'
import { type Service } from '../service'
import { type ServiceLog } from './simulate-log'
import { type Page } from './simulate-page'
import { isThrough, leaks, missingIn, passageOf, type Passage, type Seen, vendorName } from './simulate-passage'
import { requestLines, rowLines, verdictOf } from './simulate-shown'
import { type Device, type Received, type Sighting, type Stage, type Stanza } from './simulate-stage'

/** All that plays a part. */
export interface Cast {
  readonly stage: Stage
  readonly service: Service
  readonly log: ServiceLog
  readonly page: Page
  readonly clock: Clock
  /** Aborted when the person has had enough. */
  readonly halt: AbortSignal
}

/** The story can't go on; the message says what is missing. */
export class StoryEnds extends Error {
  override readonly name = 'StoryEnds'
}

/** The nodes that the devices were given. */
export type Nodes = ReadonlyMap<Device, string>

/** How long a push may take, in milliseconds. */
const PATIENCE = 30_000

function showStanza({ stage, page }: Cast, stanza: Stanza): void {
  page.show(stage.xmlLines(stanza, page.spell))
}

async function registerDevice(cast: Cast, device: Device): Promise<string> {
  const { stage, page, service, halt } = cast
  halt.throwIfAborted()
  page.step(`${device.name} registers with the service (ad-hoc command, XEP-0050)`)
  const { asked, answered, node } = await stage.register(device)
  showStanza(cast, asked)
  page.say('answer:')
  showStanza(cast, answered)
  if (node === undefined) throw new StoryEnds(`The service gave ${device.name} no node.`)
  const row = (await service.devices(stage.component, stage.owner)).find((each) => each.node === node)
  if (row === undefined) throw new StoryEnds(`The registration of ${device.name} is not in the store.`)
  page.say('the row in the store:')
  page.show(rowLines(row))
  return node
}

/** Registers each device, lets it tell its server where to publish, and goes offline. */
export async function prepare(cast: Cast): Promise<Nodes> {
  const { stage, page, halt } = cast
  const nodes = new Map<Device, string>()
  for (const device of stage.devices) nodes.set(device, await registerDevice(cast, device))
  halt.throwIfAborted()
  page.step('Each device tells its server where to publish (XEP-0357), then goes offline')
  for (const [device, node] of nodes) {
    const { asked, answered, isResult } = await stage.enable(device, node)
    showStanza(cast, asked)
    if (!isResult) {
      showStanza(cast, answered)
      throw new StoryEnds(`The XMPP server refuses to publish for ${device.name}.`)
    }
  }
  await stage.leave()
  return nodes
}

/** Sends a message and resolves with its passages when all are through, time is up, or the person has had enough. */
function send({ stage, log, clock, halt }: Cast, nodes: Nodes, text: string): Promise<readonly Passage[]> {
  const seen: Seen[] = []
  const logged = log.entries.length
  const began = clock.elapsed()
  const passages = (): readonly Passage[] =>
    [...nodes].map(([device, node]) => passageOf(device, node, seen, log.entries.slice(logged)))
  return new Promise((resolve, reject) => {
    const end = (): void => {
      stops.forEach((stop) => stop())
      resolve(passages())
    }
    const look = (): void => {
      if (passages().every(isThrough)) end()
    }
    halt.addEventListener('abort', end, { once: true })
    const stops = [
      stage.journal.listen((sighting) => {
        seen.push({ sighting, after: clock.elapsed() - began })
        look()
      }),
      log.listen(look),
      clock.after(PATIENCE, end),
      () => halt.removeEventListener('abort', end),
    ]
    stage.write(text).catch(reject)
  })
}

function showRequest({ page }: Cast, request: Received): void {
  page.show(requestLines(request, page.spell))
  if (request.by === 'webpush')
    page.say('(the body is what the browser’s own key makes of it: nobody between can read it)')
  page.say(`answer: ${verdictOf(request)}`)
}

function requestsIn(sightings: readonly Sighting[]): readonly Received[] {
  return sightings.flatMap((sighting) => (sighting.is === 'request' ? [sighting.request] : []))
}

/** Someone writes: shows how the message becomes pushes. True if they arrived at every push service and told nothing. */
export async function tellMessage(cast: Cast, nodes: Nodes, text: string): Promise<boolean> {
  const { stage, page, halt } = cast
  halt.throwIfAborted()
  page.step(`${stage.writer} writes to ${stage.owner}, who is offline: “${text}”`)
  const before = stage.journal.entries.length
  const passages = await send(cast, nodes, text)
  halt.throwIfAborted()

  page.step('The server publishes to the service, once for each device, and is answered')
  for (const { publish, answer } of passages) {
    if (publish !== undefined) showStanza(cast, publish)
    if (answer !== undefined) showStanza(cast, answer)
  }
  for (const { device, push, refused } of passages) {
    page.step(`${vendorName[device.vendor]} gets, for ${device.name}`)
    const request = push?.request ?? refused
    if (request === undefined) page.say('nothing')
    else showRequest(cast, request)
  }
  const requests = requestsIn(stage.journal.entries.slice(before))
  for (const grant of requests.filter(({ by }) => by === 'oauth')) {
    page.say(`before that, ${stage.urls.oauth} was asked for an access token and answered ${verdictOf(grant)}`)
  }
  page.step('The service logs what came of each delivery')
  page.show(passages.flatMap(({ settled }) => (settled === undefined ? [] : [settled.line])))
  return sumUp(cast, passages, requests, text)
}

function sumUp(
  { stage, page }: Cast,
  passages: readonly Passage[],
  requests: readonly Received[],
  text: string,
): boolean {
  const missing = passages.flatMap((passage) => missingIn(passage) ?? [])
  const talkative = leaks(requests, text, stage.writer)
  page.heading('')
  for (const sentence of missing) page.end('bad', sentence)
  if (missing.length === 0) {
    const times = passages.map(({ device, push }) => `${vendorName[device.vendor]} ${Math.round(push?.after ?? 0)} ms`)
    page.end('good', `The push arrived at all ${times.length}, counted from the message: ${times.join(', ')} after it.`)
  }
  for (const violation of stage.violations()) page.end('bad', `Against the rules of the push service: ${violation}`)
  if (talkative.length > 0) {
    page.end(
      'bad',
      `Something of the message is in ${talkative.length} of ${requests.length} requests to the push services!`,
    )
  } else if (requests.length > 0) {
    const searched = `${requests.length} requests to the push services were searched`
    page.end('good', `Nothing of the message left this machine: neither its text nor its sender (${searched}).`)
  }
  return missing.length === 0 && talkative.length === 0
}
