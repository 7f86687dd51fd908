import { createPrivateKey, createPublicKey, sign, verify, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createSecureContext, createServer, type TLSSocket } from 'node:tls'
import { asn1, pkcs12, pki } from 'node-forge'
import { makeAuthority, makeProviderKey, processAuthority, rsaKeyPair } from '../../lib/sim/certificates'

const handshake = async (
  server: { certPem: string; keyPem: string },
  client: { ca: string; host?: string; pfx?: Buffer; passphrase?: string; clientCa?: string },
): Promise<{ peer: string; client: string | undefined }> => {
  const listener = createServer({
    cert: server.certPem,
    key: server.keyPem,
    requestCert: client.clientCa !== undefined,
    ca: client.clientCa ?? client.ca,
  })
  listener.on('tlsClientError', () => undefined)
  listener.listen(0, client.host ?? '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>
  const socket = connect({
    host: client.host ?? '127.0.0.1',
    port: typeof address === 'object' && address !== null ? address.port : 0,
    ca: client.ca,
    ...(client.pfx === undefined ? {} : { pfx: client.pfx, passphrase: client.passphrase ?? '' }),
  })
  try {
    await once(socket, 'secureConnect')
    const [served] = await accepted
    return { peer: socket.getPeerX509Certificate()?.subject ?? '', client: served.getPeerX509Certificate()?.subject }
  } finally {
    socket.destroy()
    listener.close()
  }
}

describe('lib/sim/certificates', () => {
  const authority = makeAuthority()

  it('issues a server certificate that is good for ::1', () => {
    // Asked of the certificate itself: Node 22.23 compares an IPv6 address as if it were a name.
    expect(new X509Certificate(authority.issueServer().certPem).checkIP('::1')).toBe('::1')
  })

  it.each(['127.0.0.1', 'localhost'])('issues a server certificate that TLS accepts for %s', async (host) => {
    await expect(handshake(authority.issueServer(), { ca: authority.caPem, host })).resolves.toMatchObject({
      peer: 'CN=localhost',
    })
  })

  it('is refused for a name that the certificate does not carry', async () => {
    const server = authority.issueServer({ names: ['push.example'] })
    await expect(handshake(server, { ca: authority.caPem })).rejects.toThrow(/does not match certificate/)
  })

  it('is refused by a client that trusts another authority', async () => {
    await expect(handshake(authority.issueServer(), { ca: makeAuthority().caPem })).rejects.toThrow(/certificate/)
  })

  it('is refused once it has expired', async () => {
    const server = authority.issueServer({ validUntil: new Date(Date.now() - 1000) })
    await expect(handshake(server, { ca: authority.caPem })).rejects.toThrow('certificate has expired')
  })

  it('names addresses of IPv6 in full', () => {
    const server = authority.issueServer({ names: ['2001:db8::7:1', 'api.push.example'] })
    const certificate = new X509Certificate(server.certPem)
    expect(certificate.checkIP('2001:db8:0:0:0:0:7:1')).toBe('2001:db8:0:0:0:0:7:1')
    expect(certificate.checkIP('2001:db8::7:2')).toBeUndefined()
    expect(certificate.checkHost('api.push.example')).toBe('api.push.example')
  })

  it('issues Apple-like client certificates with UID, topics and environments', () => {
    const { certPem, keyPem } = authority.issueClient({ bundleId: 'org.example.ios', teamId: 'TEAM123456' })
    const certificate = new X509Certificate(certPem)
    expect(certificate.subject).toBe('UID=org.example.ios\nCN=Apple Push Services: org.example.ios\nOU=TEAM123456')
    expect(certificate.verify(new X509Certificate(authority.clientCaPem()).publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true)
    const { extensions } = pki.certificateFromPem(certPem) as unknown as { extensions: { id: string; value: string }[] }
    const apple = new Map(extensions.map(({ id, value }) => [id.replace('1.2.840.113635.100.', ''), value]))
    expect([...apple.keys()].filter((id) => id.startsWith('6.3.'))).toEqual(['6.3.1', '6.3.2', '6.3.6'])
    const texts = (node: asn1.Asn1): unknown[] => (Array.isArray(node.value) ? node.value.map(texts) : [node.value])
    expect(texts(asn1.fromDer(apple.get('6.3.6') ?? '')).flat(3)).toEqual([
      ...['org.example.ios', 'app', 'org.example.ios.voip', 'voip'],
      ...['org.example.ios.complication', 'complication'],
    ])
  })

  it('leaves out topics and environments that were not asked for', () => {
    const { certPem } = authority.issueClient({ bundleId: 'a.b', topics: 'none', environments: ['sandbox'] })
    const { extensions } = pki.certificateFromPem(certPem) as unknown as { extensions: { id: string }[] }
    expect(extensions.map(({ id }) => id).filter((id) => id.startsWith('1.2.840.113635'))).toEqual([
      '1.2.840.113635.100.6.3.1',
    ])
  })

  it.each(['old', 'new'] as const)('exports a p12 with the %s encryption that an independent reader opens', (kind) => {
    const client = authority.issueClient({ bundleId: 'org.example.ios' })
    const packed = asn1.fromDer(client.p12('s3cret', kind).toString('latin1'))
    const opened = pkcs12.pkcs12FromAsn1(packed, 's3cret')
    const bags = opened.safeContents.flatMap(({ safeBags }) => safeBags)
    const cert = bags.find((bag) => bag.cert)?.cert
    const key = bags.find((bag) => bag.key)?.key
    expect(cert && new X509Certificate(pki.certificateToPem(cert)).raw).toEqual(new X509Certificate(client.certPem).raw)
    expect(key && createPrivateKey(pki.privateKeyToPem(key)).equals(createPrivateKey(client.keyPem))).toBe(true)
    expect(() => pkcs12.pkcs12FromAsn1(packed, 'wrong')).toThrow(/password/i)
  })

  it('exports a new p12 that node:tls presents to a server', async () => {
    const client = authority.issueClient({ bundleId: 'org.example.ios' })
    const offered = {
      ca: authority.caPem,
      clientCa: authority.clientCaPem(),
      pfx: client.p12('x', 'new'),
      passphrase: 'x',
    }
    const { client: seen } = await handshake(authority.issueServer(), offered)
    expect(seen).toContain('UID=org.example.ios')
    expect(() => createSecureContext({ pfx: client.p12('x', 'new'), passphrase: 'y' })).toThrow(/mac verify/)
  })

  it('makes provider keys that sign ES256', () => {
    const pair = makeProviderKey()
    const key = { key: createPrivateKey(pair.privatePem), dsaEncoding: 'ieee-p1363' } as const
    const signature = sign('sha256', Buffer.from('x'), key)
    const check = { key: createPublicKey(pair.publicPem), dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', Buffer.from('x'), check, signature)).toBe(true)
    expect(verify('sha256', Buffer.from('y'), check, signature)).toBe(false)
    expect(pair.privatePem).toContain('BEGIN PRIVATE KEY')
  })

  it('keeps one RSA pair a name, and one authority, for the life of the process', () => {
    expect(rsaKeyPair('a').privatePem).toBe(rsaKeyPair('a').privatePem)
    expect(rsaKeyPair('a').privatePem).not.toBe(rsaKeyPair('b').privatePem)
    expect(processAuthority()).toBe(processAuthority())
  })
})
