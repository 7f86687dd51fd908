import { once } from 'node:events'
import { type ClientHttp2Session, type Settings } from 'node:http2'
import { type ApnsSimulatorOptions } from '../../lib/sim/apns'
import { answers, type Goaway } from '../../lib/sim/apns-answers'
import { type ApnsConnection } from '../../lib/sim/apns-connection'
import { makeFrameReader, type Frame } from '../../lib/sim/apns-frames'
import { ALERT, JWT, NOW_S, PHONE, startScene, TOPIC, type OpenOptions, type Scene } from '../support/apns-scene'
import { connectByHand, encodeFrame, TYPE, type HandClient } from '../support/h2-by-hand'

const STALE = 'bearer x.y.z'

describe('lib/sim/apns, on the wire', () => {
  let scene: Scene
  let byHand: HandClient | undefined

  afterEach(async () => {
    byHand?.close()
    byHand = undefined
    await scene.close()
  })

  const open = async (options: ApnsSimulatorOptions = {}, how: OpenOptions = {}) => {
    scene = await startScene(options)
    return scene.open(how)
  }
  const connection = (): ApnsConnection => {
    const [first] = scene.apns.connections
    if (first === undefined) throw new Error('nobody has connected')
    return first
  }
  const limitSeen = async (session: ClientHttp2Session) => {
    await once(session, 'remoteSettings')
    return session.remoteSettings.maxConcurrentStreams
  }
  const closeOf = (session: ClientHttp2Session) => new Promise((resolve) => session.once('close', resolve))
  const goawaySeen = async (session: ClientHttp2Session) => {
    const [code, last, debug] = (await once(session, 'goaway')) as [number, number, Buffer | undefined]
    return { code, last, debug: debug?.toString() ?? '' }
  }

  describe('streams', () => {
    it('are one until the first valid token, then as many as it is told', async () => {
      const client = await open({ streams: { then: 500 } })
      expect(client.session.remoteSettings.maxConcurrentStreams).toBe(1)
      const raised = limitSeen(client.session)
      expect(await client.push()).toMatchObject({ status: 200 })
      expect(await raised).toBe(500)
    })

    it('stay one as long as no token was valid', async () => {
      const client = await open()
      expect(await client.push({ headers: { authorization: STALE } })).toMatchObject({ status: 403 })
      expect(client.session.remoteSettings.maxConcurrentStreams).toBe(1)
    })

    it('are refused above the limit, without blame, to a client that has not seen it', async () => {
      const client = await open({}, { isPatient: false })
      const ended = await Promise.all(Array.from({ length: 20 }, () => client.push()))
      expect(ended.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(ended.filter(({ rstCode }) => rstCode === 7)).toHaveLength(19)
      expect(scene.apns.violations).toEqual([])
      expect(scene.apns.warnings).toHaveLength(19)
      expect(scene.apns.warnings[0]).toMatchObject({ rule: 'streams-before-settings', connection: 1, stream: 3 })
    })

    it('are queued by a client that has seen it', async () => {
      const client = await open()
      const ended = await Promise.all(Array.from({ length: 20 }, () => client.push()))
      expect(ended.every(({ status }) => status === 200)).toBe(true)
      expect(scene.apns.violations).toEqual([])
      expect(scene.apns.warnings).toEqual([])
    })

    it('can be limited anew at any time', async () => {
      const client = await open()
      await client.push()
      const lowered = limitSeen(client.session)
      connection().limitStreams(2)
      expect(await lowered).toBe(2)
      const ended = await Promise.all(Array.from({ length: 10 }, () => client.push()))
      expect(ended.every(({ status }) => status === 200)).toBe(true)
      expect(scene.apns.violations).toEqual([])
    })

    it('can drop to one after a refused notification, until the next success', async () => {
      const client = await open({ streams: { then: 10, afterRefusal: 1 } })
      const seen: unknown[] = []
      client.session.on('remoteSettings', (settings: Settings) => seen.push(settings.maxConcurrentStreams))
      await client.push()
      await client.push({ headers: { 'apns-priority': '7' } })
      await client.push()
      await client.push()
      expect(seen).toEqual([10, 1, 10])
    })

    it('above an acknowledged limit are a violation', async () => {
      scene = await startScene()
      byHand = await connectByHand(scene.apns.port, scene.apns.ca)
      await byHand.frame(TYPE.SETTINGS)
      byHand.send(TYPE.SETTINGS, 0x1, 0)
      byHand.send(TYPE.HEADERS, 0x4, 1, Buffer.from([0x83]))
      byHand.send(TYPE.HEADERS, 0x4, 3, Buffer.from([0x83]))
      await byHand.frame(TYPE.GOAWAY)
      expect(scene.apns.violations).toMatchObject([{ rule: 'streams-above-limit', stream: 3, severity: 'violation' }])
    })
  })

  it('can be late with its SETTINGS', async () => {
    const client = await open({ settingsAfterMs: 20 }, { isPatient: false })
    const order: string[] = []
    client.session.on('connect', () => order.push('connect'))
    client.session.on('remoteSettings', () => order.push('settings'))
    expect(await client.push()).toMatchObject({ status: 200 })
    expect(order.slice(0, 2)).toEqual(['connect', 'settings'])
    expect(client.session.remoteSettings).toMatchObject({ headerTableSize: 4096, maxHeaderListSize: 8000 })
  })

  describe('GOAWAY', () => {
    it('lets the streams that it admits to end, then closes', async () => {
      const client = await open()
      await client.push()
      scene.apns.script({ answer: answers.judged, afterMs: 20 })
      const closed = closeOf(client.session)
      const slow = client.push()
      await scene.apns.journal.waitFor(({ number }) => number === 2)
      const seen = goawaySeen(client.session)
      connection().inflict({ kind: 'goaway', goaway: { reason: 'Shutdown' } })
      expect(await seen).toEqual({ code: 0, last: 3, debug: '{"reason":"Shutdown"}' })
      expect(await slow).toMatchObject({ status: 200 })
      await closed
      await connection().ended
      expect(connection().isOpen()).toBe(false)
    })

    it.each<[string, Goaway, number]>([
      ['before', { lastStreamId: 'before' }, 1],
      ['none', { lastStreamId: 'none' }, 0],
      ['a number', { lastStreamId: 1 }, 1],
    ])('refuses the streams that it does not admit to: %s', async (_what, goaway, last) => {
      const client = await open()
      await client.push()
      scene.apns.script({ answer: answers.goaway(goaway) })
      const seen = goawaySeen(client.session)
      const ended = await client.push()
      expect(ended.status).toBeUndefined()
      expect(ended.error).toContain('NGHTTP2_REFUSED_STREAM')
      expect(await seen).toEqual({ code: 0, last, debug: '' })
      expect(scene.apns.journal.entries[1]?.answer).toEqual({ kind: 'goaway' })
    })

    it('can be answered by the very request that it comes with', async () => {
      const client = await open()
      scene.apns.script({ answer: answers.goaway() })
      expect(await client.push()).toMatchObject({ status: 200 })
      expect(scene.apns.received(PHONE)).toHaveLength(1)
      expect(scene.apns.journal.entries.at(-1)?.answer).toMatchObject({ kind: 'status', status: 200, goaway: true })
    })

    it('with an error kills what is in flight', async () => {
      const client = await open()
      await client.push()
      scene.apns.script({ answer: answers.goaway({ code: 1 }, 'unanswered') })
      const ended = await client.push()
      expect(ended.status).toBeUndefined()
      expect(ended.error).toContain('ERR_HTTP2_SESSION_ERROR')
    })

    it('can come in two steps', async () => {
      const client = await open()
      await client.push()
      const seen: unknown[] = []
      client.session.on('goaway', (_code, last) => seen.push(last))
      const closed = closeOf(client.session)
      // A client without streams would leave at the first step.
      scene.apns.script({ answer: answers.judged, afterMs: 50 })
      const slow = client.push()
      await scene.apns.journal.waitFor(({ number }) => number === 2)
      connection().inflict({ kind: 'goaway', goaway: { isTwoStep: true } })
      expect(await slow).toMatchObject({ status: 200 })
      await closed
      expect(seen).toEqual([0x7fffffff, 3])
    })

    it('can be followed by silence on an open connection', async () => {
      const client = await open()
      scene.apns.script({ answer: answers.goaway({ then: 'hang' }) })
      const seen = goawaySeen(client.session)
      const hanging = client.push()
      expect(await seen).toMatchObject({ code: 0, last: 1 })
      expect(connection().isOpen()).toBe(true)
      expect(scene.apns.journal.entries[0]?.answer).toEqual({ kind: 'goaway' })
      client.session.destroy()
      expect((await hanging).status).toBeUndefined()
    })

    const afterGoaway = async (acknowledge: boolean) => {
      scene = await startScene()
      byHand = await connectByHand(scene.apns.port, scene.apns.ca)
      await byHand.frame(TYPE.SETTINGS)
      byHand.send(TYPE.SETTINGS, 0x1, 0)
      const headers = { ':method': 'POST', ':scheme': 'https', ':authority': 'x', ':path': `/3/device/${PHONE}` }
      const more = { 'apns-topic': TOPIC, 'apns-push-type': 'alert', authorization: `bearer ${JWT}` }
      byHand.request(1, { ...headers, ...more }, ALERT)
      await byHand.frame(TYPE.HEADERS)
      connection().inflict({ kind: 'goaway', goaway: { then: 'stay' } })
      await byHand.frame(TYPE.GOAWAY)
      const { payload } = await byHand.frame(TYPE.PING)
      if (acknowledge) byHand.send(TYPE.PING, 0x1, 0, payload)
      byHand.request(3, { ...headers, ...more }, ALERT)
      byHand.send(TYPE.PING, 0, 0, Buffer.alloc(8))
      await byHand.frame(TYPE.PING)
    }

    it('makes every stream after it a violation, once the client has seen it', async () => {
      await afterGoaway(true)
      expect(scene.apns.violations).toMatchObject([{ rule: 'stream-after-goaway', stream: 3 }])
      expect(scene.apns.journal.entries).toHaveLength(1)
    })

    it('does not blame a client whose request crossed it', async () => {
      await afterGoaway(false)
      expect(scene.apns.violations).toEqual([])
      expect(scene.apns.journal.entries).toHaveLength(1)
    })
  })

  it.each(['fin', 'tcp-reset'] as const)('can break the connection in the middle of a request: %s', async (kind) => {
    const client = await open()
    await client.push()
    const closed = closeOf(client.session)
    scene.apns.script({ answer: answers.wire(kind) })
    const ended = await client.push()
    expect(ended.status).toBeUndefined()
    await closed
    expect(scene.apns.journal.entries[1]?.answer).toEqual({ kind })
    expect(await (await scene.open()).push()).toMatchObject({ status: 200 })
  })

  it('can break the connection between requests', async () => {
    const client = await open()
    await client.push()
    const closed = closeOf(client.session)
    connection().inflict({ kind: 'tcp-reset' })
    await closed
    await connection().ended
    expect(connection().isOpen()).toBe(false)
  })

  it('can become a black hole that neither hears nor speaks', async () => {
    const client = await open()
    await client.push()
    scene.apns.script({ answer: answers.wire('black-hole') })
    const hanging = [client.push()]
    await scene.apns.journal.waitFor(({ answer }) => answer.kind === 'black-hole')
    hanging.push(client.push())
    let isAlive = false
    client.session.ping((error) => {
      isAlive = error === null
    })
    // What a connection that hears can do in the meantime, a black hole would have done too.
    const other = await scene.open()
    await other.push()
    await new Promise((resolve) => other.session.ping(resolve))
    expect(isAlive).toBe(false)
    expect(scene.apns.journal.entries.map((request) => request.connection)).toEqual([1, 1, 2])
    expect(connection().isOpen()).toBe(true)
    client.session.destroy()
    expect((await Promise.all(hanging)).map(({ status }) => status)).toEqual([undefined, undefined])
  })

  it('acknowledges PING, unless it is told not to', async () => {
    const client = await open()
    const answered: string[] = []
    await new Promise((resolve) => client.session.ping(resolve))
    connection().acknowledgePings(false)
    client.session.ping((error) => {
      if (error === null) answered.push('ping')
    })
    expect(await client.push()).toMatchObject({ status: 200 })
    expect(answered).toEqual([])
    expect(connection().pings()).toBe(2)
  })

  it('warns of stream priorities, and only of them', async () => {
    const client = await open()
    await client.push()
    expect(scene.apns.warnings).toEqual([])
    // From Node 22 on its own client sends none, whatever it is told.
    byHand = await connectByHand(scene.apns.port, scene.apns.ca)
    await byHand.frame(TYPE.SETTINGS)
    byHand.send(TYPE.SETTINGS, 0x1, 0)
    byHand.send(TYPE.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 0, 199]))
    byHand.request(1, { ':method': 'POST', ':scheme': 'https', ':authority': 'x', ':path': '/' })
    await byHand.frame(TYPE.HEADERS)
    expect(scene.apns.warnings).toMatchObject([{ rule: 'priority-frame' }])
  })

  it('warns of many connections in a minute', async () => {
    scene = await startScene({ connectsPerMinute: 2 })
    await scene.open()
    await scene.open()
    scene.advance(60_000)
    await scene.open()
    expect(scene.apns.warnings).toEqual([])
    await scene.open()
    await scene.open()
    expect(scene.apns.warnings).toMatchObject([{ rule: 'connects-per-minute' }])
  })

  it('ends everything when it is closed', async () => {
    const client = await open()
    scene.apns.script({ answer: answers.silence })
    const hanging = client.push({ headers: { 'apns-expiration': String(NOW_S + 60) } })
    await scene.apns.journal.next()
    expect(connection().isOpen()).toBe(true)
    await scene.apns.close()
    expect((await hanging).status).toBeUndefined()
    expect(connection().isOpen()).toBe(false)
    scene = await startScene()
  })
})

describe('lib/sim/apns-frames', () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const frames: Frame[] = [
    { type: 4, flags: 0, stream: 0, payload: Buffer.alloc(12, 1) },
    { type: 1, flags: 4, stream: 1, payload: Buffer.alloc(300, 2) },
    { type: 0, flags: 1, stream: 1, payload: Buffer.alloc(0) },
    { type: 6, flags: 0, stream: 0, payload: Buffer.alloc(8, 3) },
  ]
  const wire = Buffer.concat([preface, ...frames.map(encodeFrame)])
  const read = (size: number, isWanted: (frame: Frame) => boolean) => {
    const seen: Frame[] = []
    const reader = makeFrameReader('client', (frame) => {
      seen.push({ ...frame, payload: Buffer.from(frame.payload) })
      return isWanted(frame)
    })
    const passed: Buffer[] = []
    for (let at = 0; at < wire.length; at += size) passed.push(reader(wire.subarray(at, at + size)))
    return { seen, passed: Buffer.concat(passed) }
  }

  it.each([1, 2, 9, 24, 25, 100, 1000])('reads the same frames from pieces of %i bytes', (size) => {
    expect(read(size, () => true)).toEqual({ seen: frames, passed: wire })
  })

  it.each([1, 7, 1000])('withholds whole frames from pieces of %i bytes', (size) => {
    const { passed } = read(size, ({ type }) => type !== 6)
    expect(passed).toEqual(Buffer.concat([preface, ...frames.slice(0, 3).map(encodeFrame)]))
  })

  it('steps aside at a frame that nobody may send', () => {
    const reader = makeFrameReader('server', () => false)
    const tooLong = encodeFrame({ type: 0, flags: 0, stream: 1, payload: Buffer.alloc(16_385) })
    expect(reader(tooLong)).toEqual(tooLong)
    expect(reader(Buffer.from('rest'))).toEqual(Buffer.from('rest'))
  })
})
