/** What is told of every kind of XMPP server: what it publishes arrives, no trouble unsubscribes anyone, a dead token does. */
import { answers as apnsAnswers } from '../../lib/sim/apns-answers'
import { type Message, type Personality, type PersonalityName, type Published } from '../../lib/sim/xmpp-server'
import { DOMAIN } from './house'
import { DEFAULT_MESSAGE, type Arrived, type Enabling, type Phone, type Scene, startScene } from './server-scene'

/** One thing that happens to a user, and the push that must follow. */
export interface PublishCase {
  readonly says: string
  readonly enabling?: Enabling
  /** What comes for the user, a message with a body if left out. */
  readonly happens?: Partial<Message> | ((scene: Scene, phone: Phone) => readonly Published[])
  /** In the publish as it stands on the wire: what makes it this server's own. */
  readonly writes: readonly (string | RegExp)[]
  /** The push; undefined where the server publishes nothing at all. */
  readonly arrives?: Partial<Arrived>
}

/** What is true of one kind of server. */
export interface ServerTruth {
  readonly personality: PersonalityName
  readonly publishes: readonly PublishCase[]
  /** The same server configured otherwise, or another build of it. */
  readonly variants?: readonly { readonly personality: Personality; readonly publishes: readonly PublishCase[] }[]
  /** How many publishes are told `item-not-found` before the server gives the registration up. */
  readonly deadAfter: number | 'never'
  /** What is left of a registration to which the server published while we were away, where it matters by whether our domain resolves. */
  readonly away: 'kept' | 'lost' | { readonly unresolved: 'kept' | 'lost'; readonly resolved: 'kept' | 'lost' }
}

export const ALERT = { type: 'alert', priority: '10' } as const
export const BACKGROUND = { type: 'background', priority: '5' } as const
export const CALL = { type: 'voip', priority: '10' } as const

/** What clients of Tigase's family ask for in `<enable/>`. */
export const ENCRYPT = "<encrypt xmlns='tigase:push:encrypt:0' alg='aes-128-gcm'>${key}</encrypt>"
export const PRIORITY = "<priority xmlns='tigase:push:priority:0'/>"
export const JINGLE = "<jingle xmlns='tigase:push:jingle:0'/>"

/** Registers the tests of one server. `own` adds those that no other server has. */
export function tellServer(truth: ServerTruth, own: (scene: () => Scene) => void = () => undefined): void {
  let scene: Scene

  afterEach(() => {
    expect({ server: scene.house.server.violations, apns: scene.house.apns.violations }).toEqual({
      server: [],
      apns: [],
    })
  })

  /** Lets time pass until nothing waits for its next attempt. */
  async function drain(): Promise<void> {
    for (let minute = 0; minute < 60; minute++) {
      await scene.house.rest()
      const accounts = [...(await scene.house.service().accounts()).values()]
      if (accounts.every(({ waiting }) => waiting === 0)) return
      await scene.house.pass(60_000)
    }
    throw new Error('something still waits after an hour')
  }

  async function wakes(phone: Phone): Promise<void> {
    const before = (await scene.arrived(phone)).length
    expect(await scene.answers(scene.message(phone))).toEqual(['result'])
    expect(await scene.arrived(phone)).toHaveLength(before + 1)
  }

  async function expectPush({ enabling = {}, happens = DEFAULT_MESSAGE, writes, arrives }: PublishCase): Promise<void> {
    const phone = await scene.phone(enabling)
    const published = typeof happens === 'function' ? happens(scene, phone) : scene.message(phone, happens)
    for (const { stanza } of published) {
      for (const part of writes) expect(stanza.toString()).toMatch(part)
    }
    expect(published.length > 0).toBe(arrives !== undefined)
    expect(await scene.answers(published)).toEqual(published.map(() => 'result'))
    const arrived = await scene.arrived(phone)
    if (arrives === undefined) expect(arrived).toEqual([])
    else expect(arrived.at(-1)).toMatchObject(arrives)
  }

  describe(`${truth.personality}, while all is well`, () => {
    beforeAll(async () => {
      scene = await startScene({ personality: truth.personality })
    })
    afterAll(() => scene.house.close())

    it.each(truth.publishes)('$says', expectPush)

    it('tells nobody who wrote what', async () => {
      const phone = await scene.phone()
      await scene.answers(scene.message(phone, { body: 'O Romeo, Romeo!', nickname: 'nurse' }))
      expect(JSON.stringify(await scene.arrived(phone))).not.toMatch(/juliet|Romeo|nurse/)
      expect(scene.house.log.join('')).not.toMatch(/juliet|O Romeo|nurse/)
    })

    it('unsubscribes nobody whatever the push service says of itself or of us', async () => {
      const phone = await scene.phone()
      for (const reason of ['ServiceUnavailable', 'TopicDisallowed', 'TooManyRequests', 'PayloadTooLarge'] as const) {
        scene.house.apns.script({ answer: apnsAnswers.refuse(reason), token: phone.token, times: 1 })
        expect(await scene.answers(scene.message(phone))).toEqual(['result'])
        await drain()
        expect(scene.isEnabled(phone)).toBe(true)
      }
      await wakes(phone)
    })

    it('unsubscribes nobody while the store is down, for an app that is configured no more, or at a stop', async () => {
      const phone = await scene.phone()
      const { house } = scene
      house.failStore(true)
      for (let nth = 0; nth < 20; nth++) {
        expect(await scene.answers(scene.message(phone))).toEqual(['wait internal-server-error'])
      }
      house.failStore(false)
      await house.service().reload({ ...house.config(), apps: new Map() })
      expect(await scene.answers(scene.message(phone))).toEqual(['wait internal-server-error'])
      await house.service().reload(house.config())
      const last = scene.message(phone)
      const stopping = house.service().stop('the story wants it')
      expect(['result', 'wait internal-server-error', 'lost']).toContain((await scene.answers(last))[0])
      await stopping
      await house.start()
      expect(scene.isEnabled(phone)).toBe(true)
      await wakes(phone)
    })

    it(`gives a dead token up ${truth.deadAfter === 'never' ? 'never' : `at the ${truth.deadAfter}. item-not-found`}, and enabling again restores`, async () => {
      const [phone, other] = [await scene.phone(), await scene.phone()]
      scene.house.apns.changeDevice(phone.token, { kind: 'unregistered', since: scene.house.clock.now() + 1 })
      expect(await scene.answers(scene.message(phone))).toEqual(['result'])
      await scene.arrived(phone)
      let told = 0
      while (scene.isEnabled(phone) && told < 40) {
        expect(await scene.answers(scene.message(phone))).toEqual(['cancel item-not-found'])
        told += 1
      }
      expect(told).toBe(truth.deadAfter === 'never' ? 40 : truth.deadAfter)
      expect(await scene.arrived(phone)).toEqual([])
      await wakes(other)
      const fresh = await scene.phone()
      scene.enable(fresh)
      await wakes(fresh)
    })

    own(() => scene)
  })

  for (const { personality, publishes } of truth.variants ?? []) {
    describe(personality.name, () => {
      beforeAll(async () => {
        scene = await startScene({ personality })
      })
      afterAll(() => scene.house.close())
      it.each(publishes)('$says', expectPush)
    })
  }

  for (const [where, left] of Object.entries(typeof truth.away === 'string' ? { anyhow: truth.away } : truth.away)) {
    it(`${truth.personality}, ${where}: a message while we are away costs the push, and the registration is ${left}`, async () => {
      scene = await startScene({
        personality: truth.personality,
        resolves: where === 'resolved',
        settings: { store: { kind: 'sqlite', file: 'data/xmpp-push.db', maxDeliveries: 2 } },
      })
      const { house } = scene
      const [phone, quiet, ...more] = [
        await scene.phone(),
        await scene.phone(),
        await scene.phone(),
        await scene.phone(),
      ]

      // An outbox that is full is our trouble as well; the app is held, so that it fills.
      house.apns.script({ answer: apnsAnswers.refuse('TopicDisallowed'), times: 1 })
      const full: string[] = []
      for (const each of [quiet, ...more]) {
        full.push(...(await scene.answers(scene.message(each))))
        await house.rest()
      }
      expect(full).toEqual(['result', 'result', 'wait internal-server-error'])
      expect([quiet, ...more].every((each) => scene.isEnabled(each))).toBe(true)
      await drain()

      await house.service().stop('the story wants it')
      expect(house.server.connections(DOMAIN)).toBe(0)
      const [bounce] = await scene.answers(scene.message(phone))
      expect(bounce).not.toBe('result')
      expect(scene.isEnabled(phone)).toBe(left === 'kept')
      expect(scene.isEnabled(quiet)).toBe(true)
      await house.start()
      expect(await scene.arrived(phone)).toEqual([])

      if (left === 'lost') {
        expect(scene.message(phone)).toEqual([])
        scene.enable(phone)
      }
      await wakes(phone)
      await house.close()
    })
  }
}
