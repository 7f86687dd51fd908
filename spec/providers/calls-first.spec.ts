/**
 * What becomes of pushes while the one connection of a provider has no room: a call does not wait its turn, and nothing waits beyond its end. The relay has several connections at once,
 * so that the order in which they take requests is nobody's.
 */
import { createECDH, randomBytes } from 'node:crypto'
import { type ServerHttp2Stream } from 'node:http2'
import { Opaque } from '../../lib/model/opaque'
import { type VendorContent } from '../../lib/model/content'
import { type Outcome } from '../../lib/model/outcome'
import { apns } from '../../lib/providers/apns'
import { fcm } from '../../lib/providers/fcm'
import { type Provider, type ProviderSurroundings } from '../../lib/providers/provider'
import { webpush } from '../../lib/providers/webpush'
import { startOauthSimulator } from '../../lib/sim/oauth'
import { ALERT, byToken, credential, memoryKeep } from '../support/apns-app'
import { handClock, settle, type HandClock } from '../support/hand-clock'
import { ca, makePeer, type Peer } from '../support/http2-peer'

interface Scene {
  readonly provider: Provider
  readonly content: VendorContent
  /** The address of a device that is found again in what is sent to it. */
  readonly address: (number: number) => string
  readonly close?: () => Promise<unknown>
}
type Open = (url: string, surroundings: ProviderSurroundings) => Promise<Scene>

const authority = credential(ca)

const scenes: Readonly<Record<string, Open>> = {
  apns: async (endpoint, surroundings) => ({
    provider: apns.open({ ...byToken, endpoint, ca: authority }, surroundings),
    content: ALERT,
    address: (number) => `d0${number}0`.repeat(16),
  }),
  async fcm(endpoint, surroundings) {
    const oauth = await startOauthSimulator({ now: () => surroundings.clock.now() })
    const account = credential(JSON.stringify(oauth.newServiceAccount({ projectId: 'demo' })))
    return {
      provider: fcm.open(
        { serviceAccount: account, endpoint, ca: credential(`${ca.toString()}\n${oauth.ca}`) },
        surroundings,
      ),
      content: { speaks: 'fcm', data: {}, priority: 'HIGH' },
      address: (number) => `d0${number}0`,
      close: () => oauth.close(),
    }
  },
  async webpush(url, surroundings) {
    const p256dh = createECDH('prime256v1').generateKeys('base64url')
    const auth = randomBytes(16).toString('base64url')
    return {
      provider: webpush.open({ ca: authority, allowPrivate: [new URL(url).host] }, surroundings),
      content: { speaks: 'webpush', payload: '{}', urgency: 'high' },
      address: (number) => JSON.stringify({ endpoint: `${url}/d0${number}0`, p256dh, auth }),
    }
  },
}

const ROOM = 2

describe.each(Object.entries(scenes))('lib/providers/%s, where its connection has no room', (_kind, open) => {
  let clock: HandClock
  let peer: Peer
  let scene: Scene
  /** The devices in the order in which requests to them came whole, and what is not answered yet. */
  let came: number[]
  let held: ServerHttp2Stream[]
  let closing: readonly (() => Promise<unknown>)[]

  beforeEach(async () => {
    clock = handClock()
    came = []
    held = []
    const arrived = (stream: ServerHttp2Stream, text: string): void => {
      came.push(Number(/d0(\d)0/.exec(text)?.[1] ?? NaN))
      held.push(stream)
    }
    peer = await makePeer(
      (stream, headers) => {
        let text = String(headers[':path'])
        stream.on('data', (part: Buffer) => (text += part.toString('latin1')))
        stream.on('end', () => arrived(stream, text))
      },
      { maxConcurrentStreams: ROOM },
    )
    const surroundings = { app: 'the app', clock, keep: memoryKeep(), notice: () => undefined }
    scene = await open(`https://localhost:${peer.port}`, surroundings)
    closing = [() => peer.close(), async () => scene.close?.()]
  })
  afterEach(async () => {
    for (const close of closing) await close()
  })

  const until = async (isSo: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 100_000 && !isSo(); turn++) await settle(1)
    expect(isSo()).toBe(true)
  }
  const push = (number: number, isCall = false, lives = 60_000): Promise<Outcome> =>
    scene.provider.attempt({
      id: `11111111-2222-4333-8444-55555555555${number}`,
      address: new Opaque(scene.address(number)),
      content: scene.content,
      expiresAt: clock.now() + lives,
      ...(isCall ? { isCall } : {}),
    })
  const answer = (): void => {
    for (const stream of held.splice(0)) {
      stream.respond({ ':status': 200, 'content-type': 'application/json' })
      stream.end('{"name":"projects/demo/messages/1","status":"OK"}')
    }
  }
  /** Answers whatever comes until all of these have their outcome. */
  const answered = async (attempts: readonly Promise<Outcome>[]): Promise<void> => {
    let outcomes: readonly Outcome[] = []
    void Promise.all(attempts).then((all) => (outcomes = all))
    await until(() => {
      answer()
      return outcomes.length > 0
    })
    expect(outcomes.map(({ is }) => is)).toEqual(attempts.map(() => 'delivered'))
  }

  it('lets calls go ahead of what came before them, and everything else in turn', async () => {
    await answered([push(0)])
    const wakeUps = [1, 2, 3, 4, 5].map((number) => push(number))
    await until(() => held.length === ROOM)
    await answered([...wakeUps, push(6, true), push(7, true)])
    expect(came).toEqual([0, 1, 2, 6, 7, 3, 4, 5])
    await scene.provider.close()
  })
  it('never sends what has expired while it waited for room, and says that it never left', async () => {
    await answered([push(0)])
    const wakeUps = [1, 2].map((number) => push(number))
    await until(() => held.length === ROOM)
    const late = push(3, true, 1_000)
    await settle(5)
    await clock.advance(1_000)
    await answered(wakeUps)
    expect(await late).toMatchObject({ is: 'down', ambiguous: false })
    expect(came).toEqual([0, 1, 2])
    await scene.provider.close()
  })
})
