/** The commands of administrators, run by a client that nobody here wrote (slixmpp), through a real Prosody. */
import { join } from 'node:path'
import { realDescribe } from '../support/available'
import { type ChildLines, startChild } from '../support/child-lines'
import { startProsody } from '../support/prosody'
import { startRealHouse, type RealHouse } from '../support/real-house'
import { admin, PUSH, romeo, serverForAll, TOWN } from '../support/real-server'

const SCRIPT = join(__dirname, '..', 'support', 'slixmpp-administrator.py')
const ROMEO = 'romeo@localhost'
const COMMANDS = [
  'admin#list-devices',
  'admin#remove-device',
  'admin#register-device',
  'admin#unregister-devices',
  'admin#test-push',
  'admin#set-apns-certificate',
  'admin#statistics',
  'admin#reload',
]

type Step = Readonly<Record<string, string>>
type Run = readonly [string, ...Step[]]

interface Outcome {
  readonly forms: readonly Readonly<Record<string, string>>[]
  readonly result?: Readonly<Record<string, readonly string[]>>
  readonly reported?: readonly string[]
  readonly items?: readonly Readonly<Record<string, string>>[]
  readonly refused?: string
  readonly text?: string
}

realDescribe('prosody', 'administrators at a real Prosody', () => {
  realDescribe('slixmpp', 'with slixmpp', () => {
    const server = serverForAll(() => startProsody(TOWN))
    let house: RealHouse
    const token = 'a1b2'.repeat(16)

    beforeAll(async () => {
      const { componentService } = server()
      house = await startRealHouse({
        ...{ componentService, componentDomain: PUSH, secret: TOWN.secret, admin: `${admin.name}@localhost` },
      })
      house.apns.addDevice({ token, topic: house.topic })
    }, 60_000)
    afterAll(() => house?.close())

    function run(who: { readonly name: string; readonly password: string }, runs: readonly Run[]): ChildLines {
      const { hostname, port } = new URL(server().clientService)
      const jid = `${who.name}@localhost`
      return startChild('/usr/bin/python3', [SCRIPT, jid, who.password, hostname, port, PUSH, JSON.stringify(runs)])
    }

    /** What came of each run, in order. */
    async function ran(...runs: readonly Run[]): Promise<readonly Outcome[]> {
      const client = run(admin, runs)
      await client.until('done')
      const outcomes = client.lines.filter(({ event }) => String(event).startsWith('run '))
      await client.stop()
      return outcomes as unknown as readonly Outcome[]
    }

    it('shows them to an administrator, and to nobody else, who is refused', async () => {
      const administrator = run(admin, [])
      expect((await administrator.until('commands'))['nodes']).toEqual(expect.arrayContaining(COMMANDS))
      await administrator.stop()
      const user = run(romeo, [['admin#list-devices', {}]])
      const { nodes } = await user.until('commands')
      expect((nodes as readonly string[]).filter((node) => node.startsWith('admin#'))).toEqual([])
      expect(nodes).toContain('register-device')
      expect(await user.until('run 0')).toMatchObject({ refused: 'forbidden' })
      await user.stop()
    }, 60_000)

    it('registers a device for someone, lists it, pushes to it, counts that, and unregisters it', async () => {
      const account = { accountjid: ROMEO }
      const [registered, listed, tested, counted, unregistered, gone] = await ran(
        [
          'admin#register-device',
          { ...account, way: 'register-device' },
          { provider: house.topic, 'device-token': token },
        ],
        ['admin#list-devices', account],
        ['admin#test-push', account, {}],
        ['admin#statistics'],
        ['admin#unregister-devices', account, { devices: '*' }],
        ['admin#test-push', account],
      )
      const [node = ''] = registered?.result?.['node'] ?? []
      expect(node).toMatch(/^[\w-]{24}$/)
      expect(registered?.forms[1]).toMatchObject({ accountjid: 'hidden', way: 'hidden', provider: 'list-single' })

      expect(listed?.reported).toEqual(expect.arrayContaining(['device', 'accountjid', 'app', 'node', 'seen']))
      expect(listed?.items).toHaveLength(1)
      expect(listed?.items?.[0]).toMatchObject({ accountjid: ROMEO, app: house.topic, node })
      expect(JSON.stringify(listed)).not.toContain(token)

      expect(tested?.forms[1]).toMatchObject({ device: 'list-single' })
      expect(tested?.result?.['result']).toEqual(['The push service took it.'])
      expect(house.apns.received(token)).toHaveLength(1)

      const spans = counted?.items?.map(({ app, span, accepted, delivered, missing }) => {
        return [app, span, accepted, delivered, missing]
      })
      expect(spans).toEqual([
        [house.topic, 'last hour', '1', '1', '0'],
        [house.topic, 'last day', '1', '1', '0'],
        [house.topic, 'since the start', '1', '1', '0'],
      ])

      expect(unregistered?.result).toMatchObject({ count: ['1'], nodes: [node] })
      expect(gone).toMatchObject({ refused: 'bad-request', text: `${ROMEO} has no device here.` })
    }, 60_000)

    it('tells of each wrong answer once, and goes on', async () => {
      const outcomes = await ran(
        ['admin#list-devices', { accountjid: 'nobody' }],
        ['admin#register-device', { accountjid: 'localhost', way: 'register-device' }],
        ['admin#register-device', { accountjid: ROMEO, way: 'list-push-registrations' }],
        ['admin#register-device', { accountjid: ROMEO, way: 'register-device' }, { provider: house.topic }],
        ['admin#unregister-devices', { accountjid: 'juliet@localhost' }],
        ['admin#remove-device', { device: 'nothing' }],
        ['admin#reload'],
      )
      expect(outcomes.map(({ refused, text }) => [refused, text])).toEqual([
        ['bad-request', '"nobody" is no account; write name@domain.'],
        ['bad-request', '"localhost" is no account; write name@domain.'],
        ['bad-request', expect.stringMatching(/^"way" must be the command/)],
        ['bad-request', expect.stringMatching(/device-token/)],
        ['bad-request', `juliet@localhost has no device registered at ${PUSH}.`],
        ['bad-request', expect.stringMatching(/^no device is registered with the id or node "nothing"/)],
        ['bad-request', expect.stringMatching(/not started from a file/)],
      ])
    }, 60_000)
  })
})
