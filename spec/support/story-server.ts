/** Sentences of a story about what the users' server knows, and what it is told. */
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { type JournalEntry } from '../../lib/sim/xmpp-server'
import { DOMAIN, type House } from './house'
import { elementDiffers, fill, type Known } from './xml-pattern'

type Act = (house: House, words: readonly string[], detail: string, known: Known) => Promise<void> | void

const isMessage = ({ by, stanza }: JournalEntry): boolean => by === 'component' && stanza.name === 'message'
/** How many messages of the component a story has looked at. */
const read = new WeakMap<House, number>()

async function receives(house: House, _words: readonly string[], detail: string, known: Known): Promise<void> {
  const nth = read.get(house) ?? 0
  await house.server.waitFor((entry) => isMessage(entry) && house.server.journal.filter(isMessage).length > nth)
  read.set(house, nth + 1)
  const message = house.server.journal.filter(isMessage)[nth]?.stanza
  const wrong = message === undefined ? 'nothing came' : elementDiffers(message, parseXml(detail), known)
  if (wrong !== undefined) throw new Error(`${message?.toString() ?? ''}: ${wrong}`)
}

/** `detail` is as it stands, with names to be found or filled in. */
export const serverSentences: readonly (readonly [RegExp, Act])[] = [
  [
    /^(\S+@\S+) enables \$\{(\w+)\}(?: with the secret \$\{(\w+)\})?$/,
    (house, [jid = '', name = '', secret], _detail, known) => {
      const options = secret === undefined ? {} : { options: { secret: known.get(secret) ?? '' } }
      house.server.client(`${jid}/phone`).enable({ jid: DOMAIN, node: known.get(name) ?? '', ...options })
    },
  ],
  [
    /^(\S+@\S+) disables \$\{(\w+)\}$/,
    (house, [jid = '', name = ''], _detail, known) =>
      house.server.client(`${jid}/phone`).disable({ jid: DOMAIN, node: known.get(name) ?? '' }),
  ],
  [
    /^(\S+@\S+) writes to (\S+@\S+), who is offline$/,
    async (house, [from = '', to = '']) => {
      house.server.client(`${to}/phone`).goOffline()
      house.server.client(`${to}/looking`).goOffline()
      for (const { answer } of house.server.deliverMessage({ from, to, body: 'Wherefore?' })) await answer
    },
  ],
  [/^Server receives$/, receives],
  [
    /^the server was asked for its version (\d+) times$/,
    (house, [times]) => {
      const asked = house.server.journal.filter(
        ({ by, stanza }) => by === 'component' && stanza.child('query', 'jabber:iq:version') !== undefined,
      )
      expect(asked.filter(({ stanza }) => stanza.attrs['type'] === 'get')).toHaveLength(Number(times))
    },
  ],
  [
    /^a device posts (\S+)$/,
    async (house, [path = ''], detail, known) => {
      const [body = '', wanted = ''] = detail.split('\n')
      const [url = ''] = house.service().urls
      const answer = await fetch(`${url}${path}`, { method: 'POST', body: fill(body, known) })
      expect(await answer.json()).toEqual(JSON.parse(wanted))
    },
  ],
  [
    /^Server receives no more messages$/,
    async (house) => {
      await house.rest()
      expect(house.server.journal.filter(isMessage)).toHaveLength(read.get(house) ?? 0)
    },
  ],
  [
    /^the server publishes for (\S+@\S+) to (no nodes|\$\{\w+\}(?:, \$\{\w+\})*)$/,
    (house, [jid = '', which = ''], _detail, known) => {
      const wanted = [...which.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => known.get(name))
      expect(house.server.registrations(jid).map(({ node }) => node)).toEqual(wanted)
    },
  ],
]
