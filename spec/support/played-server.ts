/** A simulated server with the face of a real one, so that one story is told of both. */
import { parse } from 'ltx'
import { type PersonalityName, startXmppServerSimulator } from '../../lib/sim/xmpp-server'
import { type RealServerOptions } from './real-server'
import { type StoryServer } from './real-story'

const DOMAIN = 'localhost'
const FORM_TYPE = `<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>`

/** Starts the simulator as this server; its clients are told as those of a real one are. */
export async function startPlayed(personality: PersonalityName, options: RealServerOptions): Promise<StoryServer> {
  const { componentDomain: domain, secret } = options
  const server = await startXmppServerSimulator({ domain: DOMAIN, components: [{ domain, secret }], personality })
  let logins = 0
  return {
    domain: DOMAIN,
    componentService: server.service,
    stop: () => server.close(),
    connect({ name }) {
      const client = server.client(`${name}@${DOMAIN}/${(logins += 1)}`)
      const iq: Awaited<ReturnType<StoryServer['connect']>>['iq'] = async (text) => {
        const answer = await client.iq(text)
        const error = answer.child('error')
        if (error === undefined) return parse(answer.toString())
        throw new Error(error.elements()[0]?.name)
      }
      return Promise.resolve({
        jid: client.jid,
        iq,
        async enable(jid, node, options) {
          const fields = Object.entries(options ?? {}).map(
            ([name, value]) => `<field var='${name}'><value>${value}</value></field>`,
          )
          const form = options && `<x xmlns='jabber:x:data' type='submit'>${FORM_TYPE}${fields.join('')}</x>`
          await iq(
            `<iq type='set'><enable xmlns='urn:xmpp:push:0' jid='${jid}' node='${node}'>${form ?? ''}</enable></iq>`,
          )
        },
        message(to, body) {
          server.deliverMessage({ from: client.jid, to, body })
          return Promise.resolve()
        },
        stop: () => Promise.resolve(client.goOffline()),
      })
    },
  }
}
