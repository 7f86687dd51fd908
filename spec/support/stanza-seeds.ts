/**
 * Real stanzas to mutate: what the simulated servers publish, what clients send in the stories, and one of each verb that a component
 * is asked. Tokens, nodes and secrets stand as `${name}`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PERSONALITIES } from '../../lib/sim/xmpp-server-personalities'
import { publishStanza, type Message, type Occasion } from '../../lib/sim/xmpp-server-personality'
import { parseXml } from '../../lib/sim/xmpp-server-reader'
import { withAttrs } from '../../lib/sim/xmpp-server-xml'
import { DOMAIN } from './house'
import { readStory } from './story'

const FORM =
  "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
const OPTIONS = parseXml(
  `<x xmlns='jabber:x:data' type='submit'>${FORM}<field var='secret'><value>\${secret}</value></field></x>`,
)
const WISHES = parseXml(
  `<enable><encrypt xmlns='tigase:push:encrypt:0' alg='aes-128-gcm'>AAAAAAAAAAAAAAAAAAAAAA==</encrypt>
  <priority xmlns='tigase:push:priority:0'/><jingle xmlns='tigase:push:jingle:0'/></enable>`,
).elements()

const message = (more: Partial<Message>): Occasion => ({
  is: 'message',
  message: { from: 'tybalt@example.net/square', to: 'romeo@example.com', ...more },
  online: false,
  suspended: false,
  stored: 2,
})

const body = 'Thou art a villain.'
const occasions: readonly Occasion[] = [
  message({ body }),
  message({}),
  message({ body, encrypted: true }),
  message({ call: true }),
  message({ callTaken: true }),
  message({ body, from: 'ball@rooms.example.com/Tybalt', nickname: 'Tybalt' }),
  { is: 'fetched' },
  { is: 'account removed' },
]

/** What each simulated server publishes, with and without a secret, with and without Tigase's extensions. */
function publishes(): readonly string[] {
  const registration = { user: 'romeo@example.com', jid: DOMAIN, node: '${node}', errors: 0, wishes: [] }
  const rows = [registration, { ...registration, wishes: WISHES }, { ...registration, options: OPTIONS }]
  return Object.values(PERSONALITIES).flatMap((server) =>
    rows.flatMap((row) =>
      occasions.flatMap((occasion) => {
        const publish = server.publish(occasion, row, 'example.com')
        return publish === undefined ? [] : [publishStanza(publish, row)]
      }),
    ),
  )
}

/** What anybody sends in the stories of `spec/scenarios`. */
function told(): readonly string[] {
  const folder = join(__dirname, '..', 'scenarios')
  const steps = readdirSync(folder).flatMap((name) => readStory(readFileSync(join(folder, name), 'utf8')))
  return steps.flatMap(({ says, detail }) => {
    const who = /^(\S+) sends$/.exec(says)?.[1]
    if (who === undefined || !detail.startsWith('<iq ')) return []
    return [
      withAttrs(
        parseXml(detail),
        who === 'Server' ? {} : { from: who.includes('/') ? who : `${who}/phone` },
      ).toString(),
    ]
  })
}

const PUBSUB = 'http://jabber.org/protocol/pubsub'
const DISCO = 'http://jabber.org/protocol/disco'
const verbs = [
  'create',
  'subscribe',
  'unsubscribe',
  'retract',
  'items',
  'options',
  'subscriptions',
  'affiliations',
  'default',
]
const ownerVerbs = ['configure', 'delete', 'purge', 'affiliations', 'subscriptions', 'default']

/** One of each question. */
function questions(): readonly string[] {
  const asked: readonly (readonly ['get' | 'set', string])[] = [
    ['get', "<ping xmlns='urn:xmpp:ping'/>"],
    ['get', "<query xmlns='jabber:iq:version'/>"],
    ['get', "<time xmlns='urn:xmpp:time'/>"],
    ['get', "<query xmlns='jabber:iq:last'/>"],
    ['set', "<enable xmlns='urn:xmpp:push:0' jid='push.example.com' node='${node}'/>"],
    ['set', "<disable xmlns='urn:xmpp:push:0' jid='push.example.com'/>"],
    ...['', " node='${node}'", " node='http://jabber.org/protocol/commands'", " node='register-device'"].flatMap(
      (node) => ['info', 'items'].map((what) => ['get', `<query xmlns='${DISCO}#${what}'${node}/>`] as const),
    ),
    ...(['get', 'set'] as const).flatMap((type) => [
      ...verbs.map((verb) => [type, `<pubsub xmlns='${PUBSUB}'><${verb} node='\${node}'/></pubsub>`] as const),
      ...ownerVerbs.map(
        (verb) => [type, `<pubsub xmlns='${PUBSUB}#owner'><${verb} node='\${node}'/></pubsub>`] as const,
      ),
    ]),
  ]
  return asked.map(([type, child]) => `<iq type='${type}' from='romeo@example.com/phone' to='${DOMAIN}'>${child}</iq>`)
}

/** What wants no answer. */
const silent: readonly string[] = [
  `<iq type='result' from='example.com' to='${DOMAIN}'/>`,
  `<iq type='result' from='romeo@example.com/phone' to='${DOMAIN}'><query xmlns='${DISCO}#info'/></iq>`,
  `<iq type='error' from='example.com' to='${DOMAIN}'><error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
  `<message from='romeo@example.com/phone' to='${DOMAIN}' type='chat'><body>Hello?</body></message>`,
  `<message from='example.com' to='${DOMAIN}'><notification xmlns='urn:xmpp:push:0'/></message>`,
  `<presence from='romeo@example.com/phone' to='${DOMAIN}'><c xmlns='http://jabber.org/protocol/caps' node='x' ver='y'/></presence>`,
  `<presence from='romeo@example.com' to='${DOMAIN}' type='subscribe'/>`,
]

/** By what they are, so that each kind gets its share however many there are of it. */
export function stanzaSeeds(): readonly (readonly string[])[] {
  const stories = [...new Set(told())]
  const commands = stories.filter((each) => each.includes('http://jabber.org/protocol/commands'))
  const others = stories.filter((each) => !commands.includes(each))
  const published = publishes()
  const shares = [published, published, published, published, others, others, commands, commands, questions(), silent]
  return shares
}
