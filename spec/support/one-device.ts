/** A device registers and its server publishes, in as few words as that takes. */
import { DOMAIN, type House } from './house'

/** Where the server is that both are at. */
type At = Pick<House, 'server'>

/** Registers as Siskin does and returns the node. */
export async function registerDevice(house: At, owner: string, app: string, token: string): Promise<string> {
  const answer = await house.server
    .client(`${owner}/phone`)
    .iq(
      `<iq type='set' to='${DOMAIN}'><command xmlns='http://jabber.org/protocol/commands' node='register-device'>` +
        `<x xmlns='jabber:x:data' type='submit'><field var='provider'><value>${app}</value></field>` +
        `<field var='device-token'><value>${token}</value></field></x></command></iq>`,
    )
  const fields = answer.child('command')?.child('x')?.elements('field') ?? []
  return fields[0]?.child('value')?.text() ?? ''
}

/** So that an answer that never came is not waited for with another's. */
let published = 0

/** Publishes a message as Prosody does and returns `result`, or the condition of the error. */
export async function publishTo(house: At, node: string, from = 'example.com'): Promise<string> {
  const answer = await house.server.request(
    `<iq type='set' id='p${++published}' from='${from}' to='${DOMAIN}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
      `<publish node='${node}'><item><notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='form'>` +
      `<field var='last-message-body'><value>the secret word</value></field></x></notification></item></publish></pubsub></iq>`,
  )
  return answer.attrs['type'] === 'result' ? 'result' : (answer.child('error')?.elements()[0]?.name ?? 'error')
}
