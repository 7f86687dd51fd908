/** Ten thousand stanzas, real ones changed at random, sent to the whole service: one answer each, and the one that design §4 wants. */
import * as fc from 'fast-check'
import { closes } from '../../lib/model/accounting'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { filled, makeFuzz, textOf } from '../support/fuzz'
import { startFuzzHouse } from '../support/fuzz-house'
import { DOMAIN } from '../support/house'
import { verdictOn, type World } from '../support/publish-oracle'

/** Another seed in `FUZZ_SEED` takes other stanzas. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)
const BATCHES = 50
const BATCH = 200
const LTX_BATCHES = 5
/** Batches after which caches are warm and what the simulators remember is full. */
const WARM = 10
const MOST_GROWTH = 4 * 1024 * 1024
/** Each round has a connection of its own. */
const ROUNDS = 30
const PER_ROUND = 10

const broken = fc.record({
  kind: fc.nat(),
  seed: fc.nat(),
  fill: fc.nat(),
  cuts: fc.array(
    fc.record({
      at: fc.nat(),
      less: fc.integer({ min: 0, max: 6 }),
      more: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.constantFrom(
          '<',
          '>',
          '</iq>',
          '<!--',
          '<![CDATA[',
          ']]>',
          '<!DOCTYPE x>',
          '<?x?>',
          '&#0;',
          '&lol;',
          "'",
          '"',
          '\ufeff',
          '</stream:stream>',
        ),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
})
interface Cut {
  readonly at: number
  readonly less: number
  readonly more: Uint8Array | string
}

function brokenBytes(bytes: Buffer, cuts: readonly Cut[]): Buffer {
  let left = bytes
  for (const { at, less, more } of cuts) {
    const start = at % (left.length + 1)
    left = Buffer.concat([
      left.subarray(0, start),
      typeof more === 'string' ? Buffer.from(more) : more,
      left.subarray(start + less),
    ])
  }
  return left
}

describe('xmpp, under ten thousand mutated stanzas', () => {
  it(`gives one answer each, as design §4 says, and stays as small as it was (seed ${SEED})`, async () => {
    const scene = await startFuzzHouse()
    try {
      const fuzz = makeFuzz(scene, { seed: SEED, batch: BATCH })
      let warm = 0
      for (let number = 0; number < BATCHES; number++) {
        await fuzz.batch(number)
        if (number === WARM - 1) warm = await fuzz.heapUsed()
        if (fuzz.complaints.length > 0) break
      }
      expect(fuzz.complaints.slice(0, 5)).toEqual([])
      const growth = (await fuzz.heapUsed()) - warm
      expect(scene.violations()).toEqual([])
      expect(scene.house.server.unanswered).toEqual([])
      await scene.house.rest()
      for (const [app, account] of await scene.house.service().accounts()) {
        expect({ app, closes: closes(account), account }).toMatchObject({ closes: true })
      }
      expect(fuzz.judged.exact).toBeGreaterThan(1_500)
      expect(growth).toBeLessThan(MOST_GROWTH)
    } finally {
      await scene.close()
    }
  }, 120_000)

  it(`gives the same answers where ltx reads (seed ${SEED})`, async () => {
    const scene = await startFuzzHouse({ parser: 'ltx' })
    try {
      const fuzz = makeFuzz(scene, { seed: SEED, batch: BATCH })
      for (let number = 0; number < LTX_BATCHES; number++) await fuzz.batch(number)
      expect(fuzz.complaints.slice(0, 5)).toEqual([])
      expect(fuzz.judged.exact).toBeGreaterThan(100)
    } finally {
      await scene.close()
    }
  }, 120_000)

  it.each(['own', 'ltx'] as const)(
    `outlives bytes changed at random, and comes back where the stream had to end (%s, seed ${SEED})`,
    async (parser) => {
      const scene = await startFuzzHouse({ parser })
      const { house } = scene
      try {
        for (let round = 0; round < ROUNDS; round++) {
          for (const one of fc.sample(broken, { seed: SEED + round, numRuns: PER_ROUND })) {
            house.server.faults.raw(brokenBytes(Buffer.from(filled(textOf(one), one.fill, scene)), one.cuts))
          }
          await house.clock.advance(100)
          house.server.faults.drop()
          for (let second = 0; second < 120 && house.server.connections() === 0; second++)
            await house.clock.advance(1_000)
          const answer = await house.server.request(`<iq type='get' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`)
          expect(answer.attrs['type']).toBe('result')
        }
        await house.rest()
        expect(house.log.filter((line) => line.includes('"at":"trouble"'))).toEqual([])
        // Nobody asked by the simulator's own count, and a stream error is no stanza; but all of it is well-formed.
        const expected = /^(answers |is an iq without id|<stream:error\/> is no stanza)/
        expect(house.server.violations.map(({ what }) => what).filter((what) => !expected.test(what))).toEqual([])
        for (const account of (await house.service().accounts()).values()) expect(closes(account)).toBe(true)
      } finally {
        await scene.close()
      }
    },
    60_000,
  )
})

describe('the oracle of publishes', () => {
  const world: World = {
    devices: [
      { owner: 'romeo@example.com', node: 'open' },
      { owner: 'juliet@example.com', node: 'locked', secret: 'a-secret' },
    ],
    unsure: () => false,
    publishers: ['rooms.example.com'],
  }
  const publish = (node: string, from: string, secret = '', inside = "<notification xmlns='urn:xmpp:push:0'/>") =>
    parseXml(
      `<iq type='set' id='1' from='${from}' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='${node}'>` +
        `<item>${inside}</item></publish><publish-options><x xmlns='jabber:x:data'><field var='secret'><value>${secret}</value></field></x>` +
        `</publish-options></pubsub></iq>`,
    )

  it.each([
    ['result', publish('open', 'example.com')],
    ['result', publish('open', 'example.com/hash')],
    ['result', publish('open', 'romeo@example.com')],
    ['result', publish('locked', 'rooms.example.com', 'a-secret')],
    ['auth forbidden', publish('locked', 'example.com', 'guessed')],
    ['auth forbidden', publish('open', 'example.net')],
    ['auth forbidden', publish('open', 'juliet@example.com')],
    ['cancel item-not-found', publish('gone', 'example.net')],
    ['modify bad-request', publish('open', 'example.com', '', '<entry/>')],
  ])('leaves no choice but %s', (only, stanza) => {
    expect(verdictOn(stanza, world)).toEqual({ allowed: [only], is: 'exact' })
  })
})
