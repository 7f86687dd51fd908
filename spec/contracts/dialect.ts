/**
 * What every dialect owes its clients, whatever its words: told in stanzas, to the real service. A dialect's spec calls
 * `dialectContract` once with what is peculiar to it, and adds its quirks.
 */
import { type Dialect } from '../../lib/dialects/dialect'
import { type XmlElement } from '../../lib/sim/xmpp-server-xml'
import { DOMAIN, startHouse, type House, type HouseOptions } from '../support/house'

type Values = Readonly<Record<string, string>>

/** One command that registers, and the one that undoes it. */
export interface Registering {
  readonly register: string
  readonly unregister: string
  /** What a client submits for this device; two tokens follow each other on it. */
  readonly submit: (device: string, token: 'first' | 'renewed') => Values
  /** What it submits to unregister the device while it has the first token. */
  readonly remove: (device: string) => Values
  /** Fields of `submit` that none may leave out. */
  readonly required: readonly string[]
  /** The fields of the result, in their order, each with its type. */
  readonly result: Values
  /** Whether the device is known again when its token has changed. */
  readonly knowsDeviceByName: boolean
}

export interface DialectUnderTest {
  readonly dialect: Dialect
  readonly house?: HouseOptions
  readonly registering: readonly Registering[]
}

const COMMANDS = 'http://jabber.org/protocol/commands'
const FORMS = 'jabber:x:data'

const escaped = (text: string): string => text.replace(/[&<>'"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
const formOf = (values: Values): string =>
  `<x xmlns='${FORMS}' type='submit'>${Object.entries(values)
    .map(([name, value]) => `<field var='${name}'><value>${escaped(value)}</value></field>`)
    .join('')}</x>`

/** Declares the whole suite; one house serves all of it, an account of its own each test. */
export function dialectContract({ dialect, house: options = {}, registering }: DialectUnderTest): void {
  let house: House
  let owner = ''
  let made = 0
  /** A device that no other test has, for a client may name its node by it. */
  const one = (): string => `device-${made}`
  beforeAll(async () => void (house = await startHouse(options)))
  afterAll(() => house.close())
  beforeEach(() => void (owner = `romeo-${++made}@example.com`))

  const ask = (xml: string, jid = owner): Promise<XmlElement> => house.server.client(`${jid}/phone`).iq(xml)
  const command = (node: string, inside = '', attrs = '', jid = owner): Promise<XmlElement> =>
    ask(
      `<iq type='set' to='${DOMAIN}'><command xmlns='${COMMANDS}' node='${node}'${attrs}>${inside}</command></iq>`,
      jid,
    )
  const submit = (node: string, values: Values, jid = owner): Promise<XmlElement> =>
    command(node, formOf(values), '', jid)

  describe.each(dialect.commands.map((each) => [each.node, each.form([]).length > 0] as const))(
    'its command %s',
    (node, asks) => {
      it('is found by service discovery', async () => {
        const listed = await ask(
          `<iq type='get' to='${DOMAIN}'><query xmlns='http://jabber.org/protocol/disco#items' node='${COMMANDS}'/></iq>`,
        )
        const nodes = listed.child('query')?.elements('item')
        expect(nodes?.map((item) => item.attrs['node'])).toContain(node)
        const info = await ask(
          `<iq type='get' to='${DOMAIN}'><query xmlns='http://jabber.org/protocol/disco#info' node='${node}'/></iq>`,
        )
        expect(info.child('query')?.child('identity')?.attrs).toMatchObject({
          category: 'automation',
          type: 'command-node',
        })
      })

      it.each(['', " action='execute'"])('offers what it asks to a plain call%s', async (action) => {
        const told = (await command(node, '', action)).child('command')
        expect(told?.attrs['status']).toBe(asks ? 'executing' : 'completed')
        expect(told?.child('x')?.attrs['type']).toBe(asks ? 'form' : 'result')
        if (!asks) return
        expect(told?.child('x')?.child('instructions')?.text()).toMatch(/\.$/)
        for (const field of told?.child('x')?.elements('field') ?? []) expect(field.attrs['label']).toMatch(/^[A-Z]/)
      })

      it('is not for accounts of other domains', async () => {
        const told = await submit(node, registering[0]?.submit('stranger', 'first') ?? {}, 'romeo@example.net')
        expect(conditionOf(told)).toMatch(/^(auth forbidden|modify bad-request)$/)
        expect(await house.service().devices(DOMAIN, 'romeo@example.net')).toEqual([])
      })
    },
  )

  for (const each of registering) {
    describe(`registering by ${each.register}`, () => {
      const register = (device = one(), token: 'first' | 'renewed' = 'first', jid = owner): Promise<XmlElement> =>
        submit(each.register, each.submit(device, token), jid)
      const publish = (node: string, secret?: string): Promise<XmlElement> =>
        house.server.request(
          `<iq type='set' id='p' from='example.com' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
            `<publish node='${escaped(node)}'><item><notification xmlns='urn:xmpp:push:0'/></item></publish>` +
            (secret === undefined ? '' : `<publish-options>${formOf({ secret })}</publish-options>`) +
            `</pubsub></iq>`,
        )

      it.each(['', " action='execute'", " action='complete'", " action='next'"])(
        'takes the form at once%s',
        async (action) => {
          const told = await command(each.register, formOf(each.submit(one(), 'first')), action)
          expect(told.child('command')?.attrs['status']).toBe('completed')
        },
      )

      it('takes the form in two steps', async () => {
        const offered = (await command(each.register)).child('command')
        const session = ` action='complete' sessionid='${offered?.attrs['sessionid'] ?? ''}'`
        const told = await command(each.register, formOf(each.submit(one(), 'first')), session)
        expect(told.child('command')?.attrs).toMatchObject({
          status: 'completed',
          sessionid: offered?.attrs['sessionid'],
        })
      })

      it('marks in the blank form what may not be missing', async () => {
        const fields = (await command(each.register)).child('command')?.child('x')?.elements('field') ?? []
        const required = fields.filter((field) => field.child('required') !== undefined)
        expect(required.map((field) => field.attrs['var']).sort()).toEqual([...each.required].sort())
      })

      it('names what is missing', async () => {
        for (const name of each.required) {
          for (const spoilt of [undefined, '', '  ']) {
            const { [name]: _left, ...rest } = each.submit(one(), 'first')
            const told = await submit(each.register, spoilt === undefined ? rest : { ...rest, [name]: spoilt })
            expect(conditionOf(told)).toBe('modify bad-request')
            expect(told.child('error')?.child('text')?.text()).toContain(`"${name}"`)
            expect(told.child('error')?.child('bad-payload')).toBeDefined()
          }
        }
        expect(await house.service().devices(DOMAIN, owner)).toEqual([])
      })

      it('passes over fields that it does not know', async () => {
        const told = await submit(each.register, {
          FORM_TYPE: 'urn:example:any',
          ...each.submit(one(), 'first'),
          more: '1',
        })
        expect(told.attrs['type']).toBe('result')
      })

      it('answers in the fields and types that its clients read', async () => {
        const told = (await register()).child('command')
        expect(told?.attrs).toMatchObject({ node: each.register, status: 'completed' })
        expect(told?.attrs['sessionid']).toMatch(/./)
        expect(told?.child('x')?.attrs['type']).toBe('result')
        const fields = told?.child('x')?.elements('field') ?? []
        expect(Object.fromEntries(fields.map(({ attrs }) => [attrs['var'] ?? '', attrs['type'] ?? '']))).toEqual(
          each.result,
        )
      })

      it('gives the same node and secret each time', async () => {
        const first = resultOf(await register())
        expect(resultOf(await register())).toEqual(first)
        expect(resultOf(await register(`${one()}-other`))).not.toEqual(first)
        expect(await house.service().devices(DOMAIN, owner)).toHaveLength(2)
      })

      it(`${each.knowsDeviceByName ? 'knows the device again' : 'takes the device for another one'} when its token has changed`, async () => {
        const first = resultOf(await register())
        const renewed = resultOf(await register(one(), 'renewed'))
        const devices = await house.service().devices(DOMAIN, owner)
        if (each.knowsDeviceByName) expect(renewed).toEqual(first)
        else expect(renewed).not.toEqual(first)
        expect(devices).toHaveLength(each.knowsDeviceByName ? 1 : 2)
      })

      it('keeps the accounts of one device apart', async () => {
        const other = `juliet-${made}@example.com`
        const [mine, hers] = [resultOf(await register()), resultOf(await register(one(), 'first', other))]
        expect(hers).not.toEqual(mine)
        expect(conditionOf(await submit(each.unregister, each.remove(one()), other))).toBeUndefined()
        expect(await house.service().devices(DOMAIN, owner)).toHaveLength(1)
      })

      it('makes a node that takes publishes with what was answered, and none without its secret', async () => {
        const { node = '', secret } = resultOf(await register())
        expect(conditionOf(await publish(node, secret))).toBeUndefined()
        if (secret === undefined) return
        expect(conditionOf(await publish(node))).toBe('auth forbidden')
        expect(conditionOf(await publish(node, `${secret}?`))).toBe('auth forbidden')
      })

      it('unregisters once, and a device that is not there is not found', async () => {
        expect(conditionOf(await submit(each.unregister, each.remove(one())))).toBe('cancel item-not-found')
        const { node = '', secret } = resultOf(await register())
        await register(`${one()}-other`)
        const told = await submit(each.unregister, each.remove(one()))
        expect(told.child('command')?.attrs).toMatchObject({ node: each.unregister, status: 'completed' })
        expect(resultOf(told)['node']).toBe(node)
        expect(resultOf(told)['secret']).toBeUndefined()
        expect(conditionOf(await submit(each.unregister, each.remove(one())))).toBe('cancel item-not-found')
        expect(conditionOf(await publish(node, secret))).toBe('cancel item-not-found')
        expect(await house.service().devices(DOMAIN, owner)).toHaveLength(1)
      })

      it('comes back after unregistering', async () => {
        await register()
        await submit(each.unregister, each.remove(one()))
        const { node = '', secret } = resultOf(await register())
        expect(conditionOf(await publish(node, secret))).toBeUndefined()
      })

      it('answers wait while the store fails', async () => {
        await register()
        house.failStore(true)
        try {
          expect(conditionOf(await register())).toBe('wait internal-server-error')
          const told = await submit(each.unregister, each.remove(one()))
          expect(conditionOf(told)).toBe('wait internal-server-error')
        } finally {
          house.failStore(false)
        }
      })
    })
  }
}

/** Type and condition of an error; undefined for a result. */
function conditionOf(told: XmlElement): string | undefined {
  if (told.attrs['type'] === 'result') return undefined
  const error = told.child('error')
  return `${error?.attrs['type'] ?? ''} ${error?.elements()[0]?.name ?? ''}`
}

/** The first values of a result's fields. */
function resultOf(told: XmlElement): Readonly<Record<string, string | undefined>> {
  const fields = told.child('command')?.child('x')?.elements('field') ?? []
  return Object.fromEntries(fields.map((field) => [field.attrs['var'] ?? '', field.child('value')?.text()]))
}
