/** Reads a story of `spec/scenarios/*.txt` and plays it in a house: each step is one sentence, its detail indented below it. */
import { closes, type Account } from '../../lib/model/accounting'
import { answers } from '../../lib/sim/apns-answers'
import { REASONS, type Reason } from '../../lib/sim/apns-findings'
import { fcmRows, type FcmRowName } from '../../lib/sim/fcm-rows'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { DOMAIN, IOS, type House } from './house'
import { operatorSentences } from './story-operator'
import { serverSentences } from './story-server'
import { differs, elementDiffers, fill, type Known } from './xml-pattern'

export interface Step {
  readonly line: number
  readonly says: string
  readonly detail: string
}

/** The steps of a story; lines that begin with `#` are for the reader. */
export function readStory(text: string): readonly Step[] {
  const steps: { line: number; says: string; detail: string[] }[] = []
  text.split('\n').forEach((line, index) => {
    if (line.startsWith('#') || line.trim() === '') return
    if (/^\s/.test(line)) steps.at(-1)?.detail.push(line.trim())
    else steps.push({ line: index + 1, says: line.trim().replace(/:$/, ''), detail: [] })
  })
  return steps.map(({ detail, ...step }) => ({ ...step, detail: detail.join('\n') }))
}

export interface Scene {
  readonly house: House
  readonly known: Known
  readonly asked: Promise<XmlElement>[]
  readonly seen: { apns: number; fcm: number }
}

type Play = (scene: Scene, words: readonly string[], detail: string) => Promise<void> | void

/** What a step says, and what is done then. */
export type Sentence = readonly [RegExp, Play]
/** What holds at the end of a story. */
export type Ending = () => Promise<void> | void

const iosTokens: Readonly<Record<string, string>> = {
  ios: `a1${'b2c3'.repeat(15)}d4`,
  'ios-2': `e5${'f6a7'.repeat(15)}b8`,
  voip: `c9${'d0e1'.repeat(15)}f2`,
}
const androidTokens: Readonly<Record<string, string>> = {
  android: 'fcm-token:APA91b-first-of-the-devices',
  'android-2': 'fcm-token:APA91b-second-of-the-devices',
}

/** Names every story knows: tokens that the simulators know as living devices. */
export function meet(house: House): Known {
  for (const token of Object.values(iosTokens)) house.apns.addDevice({ token, topic: IOS })
  for (const token of Object.values(androidTokens)) house.fcm.setDevice(token, 'live')
  const upper = Object.entries(iosTokens).map(([name, token]) => [`${name}-upper`, token.toUpperCase()] as const)
  return new Map([...Object.entries(iosTokens), ...upper, ...Object.entries(androidTokens)])
}

/** Throws what is wrong. */
export function expectMatch(what: string, wrong: string | undefined): void {
  if (wrong !== undefined) throw new Error(`${what}: ${wrong}`)
}

/** Compares JSON with a pattern in which texts may hold `${name}`. */
export function jsonDiffers(value: unknown, pattern: unknown, known: Known, where = ''): string | undefined {
  if (typeof pattern === 'string' && typeof value === 'string') {
    const wrong = differs(value, pattern, known)
    return wrong === undefined ? undefined : `${where}: ${wrong}`
  }
  if (typeof pattern !== 'object' || pattern === null || typeof value !== 'object' || value === null) {
    return value === pattern ? undefined : `${where}: ${JSON.stringify(value)} is not ${JSON.stringify(pattern)}`
  }
  const [mine, wanted] = [value as Record<string, unknown>, pattern as Record<string, unknown>]
  for (const key of new Set([...Object.keys(mine), ...Object.keys(wanted)])) {
    const at = `${where}/${key}`
    if (!Object.hasOwn(mine, key)) return `${at}: it is missing`
    if (!Object.hasOwn(wanted, key)) return `${at}: ${JSON.stringify(mine[key])} is too many`
    const wrong = jsonDiffers(mine[key], wanted[key], known, at)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** Header lines, then an object. */
export function splitDetail(detail: string): {
  readonly headers: readonly (readonly [string, string])[]
  readonly json: unknown
} {
  const brace = detail.indexOf('{\n') >= 0 ? detail.indexOf('{\n') : detail.search(/^\{/m)
  const head = brace < 0 ? detail : detail.slice(0, brace)
  const headers = head
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const)
  return { headers, json: brace < 0 ? undefined : (JSON.parse(detail.slice(brace)) as unknown) }
}

async function apnsReceives({ house, known, seen }: Scene, detail: string): Promise<void> {
  const number = (seen.apns += 1)
  const request = await house.apns.journal.waitFor((each) => each.number === number)
  const { headers, json } = splitDetail(detail)
  for (const [name, wanted] of headers) {
    const value = name === 'path' ? request.path : request.headers[name]
    const pattern = wanted.replace(/^in (\d+) s$/, (_all, s: string) =>
      String(Math.floor(request.at / 1000) + Number(s)),
    )
    expectMatch(
      `APNs, ${name}`,
      wanted === '-'
        ? value === undefined
          ? undefined
          : 'it is there'
        : differs(value ?? '(nothing)', pattern, known),
    )
  }
  if (json !== undefined) expectMatch('APNs, payload', jsonDiffers(request.payload, json, known))
}

async function fcmReceives({ house, known, seen }: Scene, detail: string): Promise<void> {
  const number = (seen.fcm += 1)
  await house.fcm.waitFor(() => house.fcm.journal.length >= number)
  if (detail === '') return
  const body = JSON.parse(house.fcm.journal[number - 1]?.body ?? '{}') as unknown
  expectMatch('FCM', jsonDiffers(body, splitDetail(detail).json, known))
}

async function nodesOf({ house }: Scene, jid: string): Promise<readonly string[]> {
  const items = await house.server
    .client(`${jid}/looking`)
    .iq(`<iq type='get' to='${DOMAIN}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`)
  const nodes =
    items
      .child('query')
      ?.elements('item')
      .map((item) => item.attrs['node'] ?? '') ?? []
  return nodes.filter((node) => node !== 'http://jabber.org/protocol/commands')
}

async function accountOf({ house }: Scene, app: string): Promise<Account | undefined> {
  await house.rest()
  return (await house.service().accounts()).get(app)
}

const usual: readonly Sentence[] = [
  [
    /^(\S+@\S+) sends$/,
    ({ house, known, asked }, [jid = ''], detail) =>
      void asked.push(house.server.client(jid.includes('/') ? jid : `${jid}/phone`).iq(fill(detail, known))),
  ],
  [
    /^Server sends$/,
    ({ house, known, asked }, _words, detail) => void asked.push(house.server.request(fill(detail, known))),
  ],
  [/^Server sends the message$/, ({ house, known }, _words, detail) => house.server.send(fill(detail, known))],
  [
    /^Component returns the message$/,
    async ({ house, known }, _words, detail) => {
      const wanted = parseXml(detail)
      const { stanza } = await house.server.waitFor(
        ({ stanza: { name, attrs } }) =>
          name === 'message' && attrs['type'] === 'error' && attrs['id'] === wanted.attrs['id'],
      )
      expectMatch(`the message ${stanza.toString()}`, elementDiffers(stanza, wanted, known))
    },
  ],
  [
    /^Component answers$/,
    async ({ asked, known }, _words, detail) => {
      const answer = await asked.shift()
      if (answer === undefined) throw new Error('nobody asked')
      const wrong = elementDiffers(answer, parseXml(detail), known)
      expectMatch(`the answer ${answer.toString()}`, wrong)
    },
  ],
  [/^APNs receives$/, (scene, _words, detail) => apnsReceives(scene, detail)],
  [/^FCM receives$/, (scene, _words, detail) => fcmReceives(scene, detail)],
  [
    /^APNs will answer (\d+) (\w+)(?:, (\d+) s ago)?$/,
    ({ house }, [, reason = '', ago]) => {
      if (!Object.hasOwn(REASONS, reason)) throw new Error(`APNs knows no ${reason}`)
      const timestamp = ago === undefined ? {} : { timestamp: house.clock.now() - Number(ago) * 1000 }
      house.apns.script({ answer: answers.refuse(reason as Reason, timestamp), times: 1 })
    },
  ],
  [
    /^APNs will (take the push and break the connection|be silent)$/,
    ({ house }, [how]) => {
      const answer = how === 'be silent' ? answers.silence : answers.wire('fin')
      house.apns.script({ answer, times: 1 })
    },
  ],
  [
    /^APNs will say goodbye, the push (answered|unprocessed|taken)$/,
    ({ house }, [push]) => {
      const reason = 'Shutdown'
      const goodbyes = {
        answered: answers.goaway({ reason }),
        unprocessed: answers.goaway({ lastStreamId: 'before', reason }),
        taken: answers.goaway({ code: 2, reason }, 'unanswered'),
      }
      house.apns.script({ answer: goodbyes[push as keyof typeof goodbyes], times: 1 })
    },
  ],
  [
    /^APNs has seen (at least )?(\d+) connections?$/,
    ({ house }, [atLeast, count]) =>
      atLeast === undefined
        ? expect(house.apns.connections).toHaveLength(Number(count))
        : expect(house.apns.connections.length).toBeGreaterThanOrEqual(Number(count)),
  ],
  [
    /^APNs has been shown (\d+) provider tokens?$/,
    ({ house }, [count]) => {
      const shown = house.apns.journal.entries.flatMap(({ client }) => (client.kind === 'token' ? [client.jwt] : []))
      expect(new Set(shown).size).toBe(Number(count))
    },
  ],
  [
    /^FCM will answer (.+?)(?:, to be asked again in (\d+) s, written as a date)?(, its details last first)?$/,
    ({ house }, [row = '', seconds, order]) => {
      if (!Object.hasOwn(fcmRows, row)) throw new Error(`FCM knows no "${row}"`)
      const date = new Date(house.clock.now() + Number(seconds ?? 0) * 1000).toUTCString()
      const later = seconds === undefined ? {} : { retryAfter: date }
      const ordered = order === undefined ? {} : { order: 'last first' as const }
      house.fcm.inject({ is: 'row', row: row as FcmRowName, ...later, ...ordered }, { times: 1 })
    },
  ],
  [/^(\d+) s pass$/, ({ house }, [seconds]) => house.pass(Number(seconds) * 1000)],
  [
    /^nothing more reaches the push services$/,
    async ({ house, seen }) => {
      await house.rest()
      expect({ apns: house.apns.journal.entries.length, fcm: house.fcm.journal.length }).toEqual(seen)
    },
  ],
  [
    /^(\S+@\S+) has (no nodes|(?:the )?nodes? .+)$/,
    async (scene, [jid = '', which = '']) => {
      await scene.house.rest()
      const wanted = which === 'no nodes' ? [] : which.replace(/^(the )?nodes? /, '').split(/, /)
      expect(await nodesOf(scene, jid)).toEqual(wanted.map((node) => fill(node, scene.known)))
    },
  ],
  [
    /^the accounting of (\S+) is (.+)$/,
    async (scene, [app = '', terms = '']) => {
      const account = await accountOf(scene, app)
      const wanted: Record<string, number> = {}
      for (const term of terms.split(', ')) wanted[term.replace(/ .*/, '')] = Number(term.replace(/.* /, ''))
      expect(account).toMatchObject(wanted)
    },
  ],
  [
    /^the log says (.+)$/,
    async ({ house, known }, [words = '']) => {
      await house.rest()
      const wanted = fill(words, known)
      if (!house.log.some((line) => line.includes(wanted))) throw new Error(`it says only:\n${house.log.join('')}`)
    },
  ],
  [
    /^the service is stopped and started$/,
    async ({ house }) => {
      await house.service().stop('the story wants it')
      await house.start()
    },
  ],
  ...serverSentences.map(([pattern, act]): Sentence => [
    pattern,
    ({ house, known }, words, detail) => act(house, words, detail, known),
  ]),
  ...operatorSentences.map(([pattern, act]): Sentence => [
    pattern,
    ({ house, known }, words, detail) => act(house, words, fill(detail, known)),
  ]),
]

/** Plays a story, in the usual sentences and those given; throws with the line at which it went another way. */
export async function play(
  house: House,
  steps: readonly Step[],
  more: { readonly sentences: readonly Sentence[]; readonly ending: Ending } = {
    sentences: [],
    ending: () => undefined,
  },
): Promise<void> {
  const sentences = [...usual, ...more.sentences]
  const scene: Scene = { house, known: meet(house), asked: [], seen: { apns: 0, fcm: 0 } }
  for (const { line, says, detail } of steps) {
    const match = sentences
      .map(([pattern, act]) => ({ words: pattern.exec(says)?.slice(1), act }))
      .find(({ words }) => words !== undefined)
    if (match?.words === undefined) throw new Error(`line ${line}: nobody understands "${says}"`)
    try {
      await match.act(scene, match.words, detail)
    } catch (error) {
      throw new Error(`line ${line}, "${says}": ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  }
  if (scene.asked.length > 0) throw new Error(`${scene.asked.length} answers were not looked at`)
  await epilogue(house)
  await more.ending()
}

/** What holds at the end of every story. */
async function epilogue(house: House): Promise<void> {
  await house.rest()
  for (const [app, account] of await house.service().accounts()) {
    if (!closes(account)) throw new Error(`the accounting of ${app} does not close: ${JSON.stringify(account)}`)
  }
  expect({ server: house.server.violations, apns: house.apns.violations, fcm: house.fcm.violations }).toEqual({
    server: [],
    apns: [],
    fcm: [],
  })
  const secrets = [...Object.values(iosTokens), ...Object.values(androidTokens), 'component secret']
  const told = house.log.join('').toLowerCase()
  expect(secrets.filter((secret) => told.includes(secret.toLowerCase()))).toEqual([])
}
