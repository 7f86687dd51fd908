/** Setups in which the way to the XMPP server is broken. */
import { createServer, type AddressInfo } from 'node:net'
import { change, closedPort, type Setups } from './broken-setup'
import { DOMAIN } from './house'
import { attachRaw } from './raw-component'

export const brokenLinks: Setups = {
  'The secret is wrong': {
    cause: /the server does not accept the secret/,
    cure: /Make component\.secret the one that the server has/,
    found: 'live',
    breaks: (of) => change(of, 'component', { secret: 'another secret' }),
  },
  'The component port is closed': {
    cause: /nothing listens at/,
    cure: /Start the XMPP server and let it listen there for components/,
    found: 'live',
    breaks: async (of) => change(of, 'component', { service: `xmpp://127.0.0.1:${await closedPort()}` }),
  },
  'The component port is that of clients': {
    cause: /is for clients, not for components/,
    cure: /Name the server's component port in component\.service/,
    found: 'live',
    async breaks(of) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.write(
          "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'><stream:error><invalid-namespace xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
        )
      }).listen(0, '127.0.0.1')
      await new Promise((done) => server.once('listening', done))
      of.later(() => server.close())
      change(of, 'component', { service: `xmpp://127.0.0.1:${(server.address() as AddressInfo).port}` })
    },
  },
  'The domain is unknown to the server': {
    cause: /the server has no component notify\.example\.com/,
    cure: /Add it to the server's configuration/,
    found: 'live',
    breaks: (of) => change(of, 'component', { domain: 'notify.example.com' }),
  },
  'Two instances attach as one domain': {
    cause: /is attached already \(conflict/,
    cure: /Stop the other program that attaches as push\.example\.com/,
    found: 'live',
    async breaks({ house, later }) {
      const other = await attachRaw(Number(new URL(house.server.service).port), DOMAIN, 'component secret')
      later(() => other.socket.destroy())
    },
  },
}
