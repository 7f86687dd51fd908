/** Two links of one domain that share a turn, as two instances do, and a server's end played by hand. */
import { type Turn } from '../../lib/xmpp/turn'
import { componentPeer, type ComponentPeer, type PeerConnection } from '../support/component-peer'
import { linkTo, type Linked } from '../support/linked'

const error = (condition: string): string =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`
const CONFLICT = error('conflict')
const LOOK = 500
const HOLD = 2_000

/** One turn, kept as a store would: by name of who has it. */
function makeTable() {
  let owner: string | undefined
  let isAway = false
  let isHanging = false
  const turnOf = (name: string): Turn => ({
    take: () => {
      if (isHanging) return new Promise(() => undefined)
      if (isAway) return Promise.reject(new Error('the store is away'))
      owner ??= name
      return Promise.resolve(owner === name)
    },
    pass: () => {
      if (isHanging) return new Promise(() => undefined)
      if (owner === name) owner = undefined
      return isAway ? Promise.reject(new Error('the store is away')) : Promise.resolve()
    },
  })
  return {
    turnOf,
    owner: () => owner,
    give: (name: string | undefined) => void (owner = name),
    hang: () => void (isHanging = true),
    away: (is: boolean) => void (isAway = is),
  }
}

describe('lib/xmpp/turn', () => {
  let peer: ComponentPeer
  let table: ReturnType<typeof makeTable>
  const links: Linked[] = []
  const servers: PeerConnection[] = []
  beforeEach(async () => {
    peer = await componentPeer()
    table = makeTable()
  })
  afterEach(async () => {
    for (const server of servers.splice(0)) server.socket.destroy()
    for (const { link } of links.splice(0)) await link.stop(0)
    await peer.close()
  })

  const start = (name: string): Linked => {
    const linked = linkTo(peer.service, { turn: table.turnOf(name) })
    links.push(linked)
    return linked
  }
  const next = async (): Promise<PeerConnection> => {
    const server = await peer.next()
    servers.push(server)
    return server
  }
  const admit = async (linked: Linked): Promise<PeerConnection> => {
    const server = await next()
    await server.accepts()
    await linked.told('online')
    return server
  }
  const refuse = async (words = CONFLICT): Promise<void> => {
    const server = await next()
    await server.opens()
    await server.until(/<\/handshake>/)
    await server.says(words)
    await server.closed
  }
  const toldOf = ({ events }: Linked): readonly string[] =>
    events.flatMap((event) => (event.at === 'link' ? [event.is] : []))
  /** Lets everything happen that needs no time. */
  const rest = async (): Promise<void> => {
    for (let turns = 0; turns < 50; turns++) await new Promise((done) => setImmediate(done))
  }

  it('lets both be attached where the server takes both', async () => {
    const one = start('one')
    await admit(one)
    const other = start('other')
    await admit(other)
    for (const { clock } of [one, other]) await clock.advance(10 * HOLD)
    expect([one.link.isOnline, other.link.isOnline]).toEqual([true, true])
    expect([toldOf(one), toldOf(other)]).toEqual([['online'], ['online']])
    expect(peer.connections).toBe(2)
  })

  describe('where the server refuses the second', () => {
    async function standing() {
      const one = start('one')
      const first = await admit(one)
      const other = start('other')
      await refuse()
      await other.told('standby')
      return { one, other, first }
    }

    it('stands by, says so once, and leaves the server alone', async () => {
      const { other } = await standing()
      await other.clock.advance(3600_000)
      expect(other.link).toMatchObject({ isOnline: false, isStandby: true })
      expect(toldOf(other)).toEqual(['standby'])
      expect(peer.connections).toBe(2)
    })

    it('takes the place as soon as the turn is free', async () => {
      const { other } = await standing()
      table.give(undefined)
      await other.clock.advance(LOOK)
      await admit(other)
      expect(other.link).toMatchObject({ isOnline: true, isStandby: false })
      expect(table.owner()).toBe('other')
    })

    it('says nothing of a server that notices a moment late that the place is free, and tries again at once', async () => {
      const { other } = await standing()
      table.give(undefined)
      await other.clock.advance(LOOK)
      for (const pause of [250, 500, 1000]) {
        await refuse()
        await rest()
        await other.clock.advance(pause)
      }
      await admit(other)
      expect(toldOf(other)).toEqual(['standby', 'online'])
    })

    it('tells a conflict that lasts, and tries ever more rarely, for it is a stranger who is there', async () => {
      const { other } = await standing()
      table.give(undefined)
      await other.clock.advance(LOOK)
      for (const pause of [250, 500, 1000, 2000, 4000]) {
        await refuse()
        await rest()
        await other.clock.advance(pause)
      }
      await refuse()
      const { why, mend, nextIn } = await other.told('refused')
      expect(why).toBe('push.example.com is attached already (conflict)')
      expect(mend).toMatch(/second instance, give both one store/)
      expect(nextIn).toBe(750)
      // Who waits may have it meanwhile.
      expect(table.owner()).toBeUndefined()
      const before = peer.connections
      for (const pause of [750, 1500, 3000]) {
        await rest()
        await other.clock.advance(pause)
        await refuse()
      }
      expect(peer.connections).toBe(before + 3)
    })

    it('gives the turn to the other one when its own way to the server is broken', async () => {
      const { one, other, first } = await standing()
      first.socket.destroy()
      await one.told('lost')
      await rest()
      await other.clock.advance(LOOK)
      await admit(other)
      await one.clock.advance(1000)
      await refuse()
      await one.told('standby')
      expect(table.owner()).toBe('other')
    })

    it('goes on standing by while the store is away, and whoever was attached attaches again', async () => {
      const { one, other, first } = await standing()
      table.away(true)
      await other.clock.advance(10 * LOOK)
      expect(peer.connections).toBe(2)
      first.socket.destroy()
      await one.told('lost')
      await rest()
      await one.clock.advance(1000)
      await admit(one)
    })

    it('leaves the turn to whoever is attached when the store was away, for its connection was lost for both', async () => {
      const { one, other } = await standing()
      table.away(true)
      table.give(undefined)
      await other.clock.advance(LOOK)
      await one.clock.advance(HOLD)
      table.away(false)
      await other.clock.advance(2 * LOOK)
      expect(table.owner()).toBeUndefined()
      await one.clock.advance(LOOK)
      expect(table.owner()).toBe('one')
      await other.clock.advance(10 * HOLD)
      expect(peer.connections).toBe(2)
    })

    it('attaches again although the store hangs and says nothing', async () => {
      const { one, first } = await standing()
      table.hang()
      first.socket.destroy()
      await one.told('lost')
      await one.clock.advance(1000)
      await rest()
      await one.clock.advance(2000)
      await admit(one)
    })

    it('passes the turn when it is stopped', async () => {
      const { one, other } = await standing()
      await one.link.stop(0)
      await other.clock.advance(LOOK)
      await admit(other)
    })

    it('takes the turn when it is attached without it, so that the other one stands by', async () => {
      table.give('one')
      const other = start('other')
      await admit(other)
      const one = start('one')
      await refuse()
      await one.told('refused')
      await rest()
      await other.clock.advance(HOLD)
      expect(table.owner()).toBe('other')
      await one.clock.advance(1000)
      await one.told('standby')
    })
  })

  describe('where the server throws the first one out', () => {
    it('settles: who was thrown out stands by until the other one ends', async () => {
      const one = start('one')
      const first = await admit(one)
      const other = start('other')
      await admit(other)
      await first.says(CONFLICT)
      const { nextIn = 0 } = await one.told('lost')
      expect(nextIn).toBeGreaterThan(HOLD)
      await rest()
      await other.clock.advance(HOLD)
      await one.clock.advance(nextIn)
      await one.told('standby')
      await one.clock.advance(3600_000)
      await other.clock.advance(10 * HOLD)
      expect(peer.connections).toBe(2)
      expect([toldOf(one), toldOf(other)]).toEqual([['online', 'lost', 'standby'], ['online']])
    })
  })

  it('is a fault without a turn, as a stranger is', async () => {
    const alone = linkTo(peer.service)
    links.push(alone)
    await refuse()
    await alone.told('refused')
    expect(alone.link.isStandby).toBe(false)
  })
})
