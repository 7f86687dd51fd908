/** What the simulated server answers by itself: ping, disco, version, time, and enabling and disabling of push for its users. */
import { type Now } from './time'
import { bareJid } from './xmpp-server-conduct'
import { type PushTable } from './xmpp-server-push'
import { escapeXml, type XmlElement } from './xmpp-server-xml'

const DISCO_INFO = 'http://jabber.org/protocol/disco#info'
const DISCO_ITEMS = 'http://jabber.org/protocol/disco#items'
const PUSH = 'urn:xmpp:push:0'

/** An iq of type result to a request, with this inside. */
export function resultTo(request: XmlElement, inside = ''): string {
  return answerTo(request, 'result', inside)
}

/** An iq of type error to a request. */
export function errorTo(request: XmlElement, type: string, condition: string): string {
  const error = `<error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
  return answerTo(request, 'error', error)
}

function answerTo(request: XmlElement, type: string, inside: string): string {
  const { from = '', to = '', id = '' } = request.attrs
  const head = `<iq type='${type}' from='${escapeXml(to)}' to='${escapeXml(from)}' id='${escapeXml(id)}'`
  return inside === '' ? `${head}/>` : `${head}>${inside}</iq>`
}

function infoOf(identity: string, features: readonly string[]): string {
  const all = features.map((feature) => `<feature var='${feature}'/>`).join('')
  return `<query xmlns='${DISCO_INFO}'>${identity}${all}</query>`
}

function answerPush(request: XmlElement, asked: XmlElement, push: PushTable): string {
  const user = bareJid(request.attrs['from'] ?? '')
  const { jid, node } = asked.attrs
  if (asked.name === 'disable') {
    if (jid === undefined) return errorTo(request, 'modify', 'bad-request')
    push.disable(user, jid, node)
    return resultTo(request)
  }
  const form = asked.child('x', 'jabber:x:data')
  const refused = push.enable(
    user,
    jid,
    node,
    form,
    asked.elements().filter((each) => each !== form),
  )
  if (refused === undefined) return resultTo(request)
  return errorTo(request, refused === 'bad-request' ? 'modify' : 'cancel', refused)
}

/** Of `Tigase 8.4`: what that server says of itself (XEP-0092 v1.1). */
function versionOf(server: string): string {
  const [name = '', version = ''] = server.split(' ')
  return `<query xmlns='jabber:iq:version'><name>${escapeXml(name)}</name><version>${escapeXml(version)}</version></query>`
}

/** In whole seconds, as Prosody and ejabberd tell it (XEP-0202 v2.0). */
function timeOf(at: number): string {
  const utc = new Date(at).toISOString().replace(/\.\d+/, '')
  return `<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>${utc}</utc></time>`
}

/** Answers an iq get or set to the server called `server`, or to the account of one of its users. */
export function answerItself(
  request: XmlElement,
  domain: string,
  components: readonly string[],
  push: PushTable,
  server: string,
  now: Now,
): string {
  const asked = request.elements()[0]
  const { to = domain, from = '' } = request.attrs
  const isAccount = to !== domain && bareJid(from) === to
  switch (asked?.ns) {
    case 'urn:xmpp:ping':
      return resultTo(request)
    case PUSH:
      if (asked.name === 'enable' || asked.name === 'disable') return answerPush(request, asked, push)
      return errorTo(request, 'modify', 'bad-request')
    case DISCO_INFO:
      return isAccount
        ? resultTo(request, infoOf("<identity category='account' type='registered'/>", [DISCO_INFO, PUSH]))
        : resultTo(
            request,
            infoOf("<identity category='server' type='im' name='simulator'/>", [DISCO_INFO, DISCO_ITEMS, PUSH]),
          )
    case DISCO_ITEMS: {
      const items = isAccount ? '' : components.map((each) => `<item jid='${escapeXml(each)}'/>`).join('')
      return resultTo(request, `<query xmlns='${DISCO_ITEMS}'>${items}</query>`)
    }
    case 'jabber:iq:version':
      return resultTo(request, versionOf(server))
    case 'urn:xmpp:time':
      return resultTo(request, timeOf(now()))
    default:
      return errorTo(request, 'cancel', 'service-unavailable')
  }
}
