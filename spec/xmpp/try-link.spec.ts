import { Opaque } from '../../lib/model/opaque'
import { askServer, lostBefore, type Said } from '../../lib/xmpp/server-answers'
import { tryLink, type Tried } from '../../lib/xmpp/try-link'
import { componentPeer, type PeerConnection } from '../support/component-peer'
import { handClock, type HandClock } from '../support/hand-clock'
import { DOMAIN, SECRET } from '../support/linked'

const INFO = 'http://jabber.org/protocol/disco#info'
const VERSION = 'jabber:iq:version'
const TIME = 'urn:xmpp:time'
const NOT_AUTHORIZED = `<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`
const CONFLICT = `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`
const asked = { server: 'example.com', domain: DOMAIN }

describe('lib/xmpp/try-link', () => {
  it('attaches, closes in good order, and says so', async () => {
    const peer = await componentPeer()
    const options = { domain: DOMAIN, service: peer.service, secret: new Opaque(SECRET), clock: handClock() }
    const tried = tryLink(options)
    const server = await peer.next()
    await server.accepts()
    expect(await server.until(/<\/stream:stream>$/)).toMatch(/<\/handshake><\/stream:stream>$/)
    expect(await tried).toEqual({ is: 'online' })
    await peer.close()
  })

  it('says what is in the way, once', async () => {
    const peer = await componentPeer()
    const clock = handClock()
    const options = { domain: DOMAIN, service: peer.service, secret: new Opaque(SECRET), clock }
    const tried = tryLink(options)
    const server = await peer.next()
    await server.opens()
    await server.until(/<\/handshake>/)
    await server.says(NOT_AUTHORIZED)
    await server.closed
    expect(await tried).toEqual({
      is: 'refused',
      why: 'the server does not accept the secret (not-authorized)',
      mend: expect.stringMatching(/component\.secret/) as unknown,
    })
    await clock.advance(60_000)
    expect(peer.connections).toBe(1)
    expect(await tryLink({ ...options, service: 'nonsense' })).toMatchObject({ is: 'refused' })
    await peer.close()
  })

  describe('asks the server', () => {
    interface Scene {
      readonly clock: HandClock
      readonly server: PeerConnection
      readonly tried: Promise<Tried<Said>>
      /** Answers each question with what stands in the table, by its namespace; undefined is silence. */
      readonly answers: (table: Readonly<Record<string, string | undefined>>) => Promise<void>
    }

    async function visited(play: (scene: Scene) => Promise<unknown>): Promise<Tried<Said>> {
      const peer = await componentPeer()
      const clock = handClock(Date.UTC(2026, 0, 1, 12))
      const options = { domain: DOMAIN, service: peer.service, secret: new Opaque(SECRET), clock }
      const tried = tryLink(options, askServer(asked, clock))
      const server = await peer.next()
      await server.accepts()
      const all = await server.until(/(<iq .*?<\/iq>.*){3}/s)
      const questions = [...all.matchAll(/<iq [^>]*id="([^"]+)"[^>]*><\w+ xmlns="([^"]+)"/g)]
      expect(questions.map(([, , ns]) => ns).sort()).toEqual([INFO, VERSION, TIME].sort())
      const answers: Scene['answers'] = async (table) => {
        for (const [, id = '', ns = ''] of questions) {
          const inside = table[ns]
          if (inside === undefined) continue
          const type = inside.startsWith('<error') ? 'error' : 'result'
          await server.says(`<iq type='${type}' id='${id}' from='example.com' to='${DOMAIN}'>${inside}</iq>`)
        }
      }
      await play({ clock, server, tried, answers })
      const result = await tried
      await peer.close()
      expect(clock.waiting).toBe(0)
      return result
    }
    const saidAfter = async (table: Readonly<Record<string, string | undefined>>): Promise<Said> => {
      const tried = await visited(({ answers }) => answers(table))
      if (tried.is !== 'online' || tried.said === undefined) throw new Error(JSON.stringify(tried))
      return tried.said
    }
    const info = `<query xmlns='${INFO}'><identity category='server' type='im' name='Marvellous'/></query>`
    const version = `<query xmlns='${VERSION}'><name>Prosody</name><version>0.12.3</version></query>`
    const timeOf = (utc: string) => `<time xmlns='${TIME}'><tzo>+01:00</tzo><utc>${utc}</utc></time>`
    const refused = `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
    const notFound = `<error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`

    it('and tells its software and how far its clock is', async () => {
      const table = { [INFO]: info, [VERSION]: version, [TIME]: timeOf('2026-01-01T12:00:00.2Z') }
      expect(await saidAfter(table)).toEqual({ text: 'example.com answers: Prosody 0.12.3, its clock 0.2 s from ours' })
    })

    it.each([
      ['2026-01-01T12:00:59Z', 'its clock 59.5 s from ours', undefined],
      ['2026-01-01T12:01:01.0Z', 'its clock is 61 s ahead of ours', expect.stringContaining('timedatectl')],
      ['2026-01-01T12:02:00.0Z', 'its clock is 2 min ahead of ours', expect.stringContaining('timedatectl')],
      ['2026-01-01T11:58:00.0Z', 'its clock is 2 min behind ours', expect.stringContaining('timedatectl')],
    ])('whose clock says %s: %s', async (utc, words, mend: unknown) => {
      const said = await saidAfter({ [INFO]: info, [VERSION]: version, [TIME]: timeOf(utc) })
      expect(said).toEqual({
        text: `example.com answers: Prosody 0.12.3, ${words}`,
        ...(mend === undefined ? {} : { mend }),
      })
    })

    it.each([
      ['refuses version and time', { [INFO]: info, [VERSION]: refused, [TIME]: refused }, 'Marvellous'],
      ['refuses all', { [INFO]: refused, [VERSION]: refused, [TIME]: refused }, 'software that does not tell its name'],
      ['tells nonsense as its time', { [INFO]: info, [VERSION]: version, [TIME]: timeOf('noon') }, 'Prosody 0.12.3'],
    ])('which %s', async (_, table, words) => {
      expect(await saidAfter(table)).toEqual({ text: `example.com answers: ${words}` })
    })

    it('and takes no control character of its name to the terminal', async () => {
      const name = `<query xmlns='${VERSION}'><name>a&#x9b;31m&#xa;b</name></query>`
      expect(await saidAfter({ [INFO]: info, [VERSION]: name, [TIME]: refused })).toEqual({
        text: 'example.com answers: a 31m b',
      })
    })

    it('and tells that there is none', async () => {
      expect(await saidAfter({ [INFO]: notFound, [VERSION]: notFound, [TIME]: notFound })).toEqual({
        text: 'example.com can not be reached by the server that the component is attached to (remote-server-not-found)',
        mend: expect.stringContaining('access.register') as unknown,
      })
    })

    it('for 5 s, and then it is silent; the link is closed in good order', async () => {
      const tried = await visited(async ({ clock, server }) => {
        await clock.advance(4999)
        expect(server.received).not.toContain('</stream:stream>')
        await clock.advance(1)
        await server.until(/<\/stream:stream>$/)
      })
      expect(tried).toMatchObject({
        is: 'online',
        said: { text: expect.stringContaining('does not answer') as unknown },
      })
    })

    it('for 5 s also where it answers only some', async () => {
      const tried = await visited(async ({ clock, answers }) => {
        await answers({ [VERSION]: version })
        await clock.advance(5000)
      })
      expect(tried).toEqual({ is: 'online', said: { text: 'example.com answers: Prosody 0.12.3' } })
    })

    it('until the link ends', async () => {
      const tried = await visited(async ({ clock, server, tried: ending }) => {
        await server.says(CONFLICT)
        await server.closed
        expect(await ending).toMatchObject({ is: 'online', lost: { conflict: 'replaced' } })
        await clock.advance(5000)
      })
      if (tried.is !== 'online' || tried.lost === undefined) throw new Error(JSON.stringify(tried))
      expect(lostBefore(asked, tried.lost).text).toMatch(/^the link ended before example\.com had answered: /)
    })
  })
})
