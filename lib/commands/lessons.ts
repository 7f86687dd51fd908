/** What the help of the commands of operators teaches. Words alone. */
import { type Lesson } from './teaching'

const asks = `
Asks the running service over the socket beside its store; only the user of the service
may, and no secret of the configuration is needed. Where no service runs, the store is
read, and changed in nothing.`

const changes = `
Asks the running service over the socket beside its store; only the user of the service
may, and no secret of the configuration is needed.`

const NODE = 'zxb2KySUbR9ayRAovAmmMNPh'
const PUSH = '3d592222-bc06-4582-a857-a40f9512fd89'
const CONFIG = '--config /etc/xmpp-push/component.config.json'

const testExits: NonNullable<Lesson['exits']> = [
  [0, 'the push was accepted; what the push service said of it is printed'],
  [1, 'it was not, and standard error says why and what to do'],
  [2, 'the words of the call are off'],
]

export const lessons = {
  status: {
    about: `
Tells the links, the accounting of each app, what is held and why, and what waits.
The accounting is an equation: whatever was accepted was delivered, or ended in one of
the ways that are told, or is on its way.
${asks}`,
    examples: [
      [`sudo -u xmpp-push xmpp-push status ${CONFIG}`, 'how the installed service stands'],
      ["xmpp-push status --json | jq '.apps[] | select(.held)'", 'the apps that are held, for a script'],
    ],
  },
  explain: {
    about: `
Takes the id of a push (it is in the log, and is the apns-id), the id of a device, the
node that a server publishes to, or the address of an account, and tells each decision:
accepted from whom, each attempt with the push service's words, what took its place,
how it ended. Content is never kept for it.
${asks}`,
    examples: [
      ['xmpp-push explain romeo@example.com', 'why did Romeo get no push? The latest of all his devices'],
      [`xmpp-push explain ${PUSH}`, 'one push, by the id that the log names'],
    ],
  },
  devices: {
    about: `
A device is what a client registered: an account, an app and a token of a push service,
under a node that the account's server publishes to.
${changes}`,
    examples: [
      ['xmpp-push devices list --owner romeo@example.com', 'the devices of an account, with their ids'],
      [`xmpp-push devices remove ${NODE}`, 'no push goes to it any more'],
    ],
  },
  'devices list': {
    about: `
A page at a time; where there are more, the last line says with which
--after to go on. Of a token the last four characters are shown.
${asks}`,
    examples: [
      ['xmpp-push devices list --owner romeo@example.com', 'the devices of an account'],
      [
        'xmpp-push devices list --app org.example.ios --limit 1000 --json',
        'the first thousand of an app, for a script',
      ],
    ],
  },
  'devices show': {
    about: `
All that is known of it: account, app, node, when it registered and was seen last, the
end of its token, the environment of Apple that it was proven in.
${asks}`,
    examples: [[`xmpp-push devices show ${NODE}`, 'the device behind the node of a log line']],
  },
  'devices remove': {
    about: `
The next publish to its node is answered item-not-found, so that its server gives it up.
A client that still runs registers again at its next start.
${changes}`,
    examples: [[`xmpp-push devices remove ${NODE}`, 'for a device that shall get nothing more']],
  },
  'devices erase': {
    about: `
Removes the person's devices, the notes of devices that were, the pushes that wait and
the traces of those that went, and prints what it removed.
${changes}`,
    examples: [
      ['xmpp-push devices erase --owner romeo@example.com', 'somebody asked that nothing be kept of him'],
      ['xmpp-push devices erase --owner romeo@example.com --json > erased.json', 'with a record of what it was'],
    ],
  },
  'devices test': {
    about: `
The same as \`send\`: a wake-up without content, as a new message makes one.
${changes}`,
    examples: [[`xmpp-push devices test ${NODE}`, 'does this phone wake up?']],
    exits: testExits,
  },
  send: {
    about: `
A wake-up without content, as a new message makes one; it is in the accounting as any
other. With --preview nothing is sent: it shows address, headers and body, of tokens
and secrets the last characters alone. What Web Push sends can't be shown.
${changes}`,
    examples: [
      ['xmpp-push devices list --owner romeo@example.com', 'which devices there are'],
      [`xmpp-push send --preview ${NODE}`, 'what the push service would be asked'],
      [`xmpp-push send ${NODE}`, 'does this phone wake up?'],
    ],
    exits: testExits,
  },
  outbox: {
    about: `
The outbox keeps on disk what was accepted and is not yet delivered: what is being sent,
and what waits for its next attempt or for its app.
${changes}`,
    examples: [
      ['xmpp-push outbox list', 'what waits, and the last word of its push service'],
      ['xmpp-push outbox retry --app org.example.ios', 'the cause is mended; do not wait for the next try'],
    ],
  },
  'outbox list': {
    about: asks,
    examples: [
      ['xmpp-push outbox list --app org.example.ios', 'what waits for one app, and why'],
      ["xmpp-push outbox list --json | jq '.waiting | length'", 'how many, for a script (1,000 at most: --limit)'],
    ],
  },
  'outbox retry': {
    about: `
Makes a push that waits for its next attempt due now, or with --app all of an app, whose
pause ends too.
${changes}`,
    examples: [
      [`xmpp-push outbox retry ${PUSH}`, 'one push, by the id that \`outbox list\` tells'],
      ['xmpp-push outbox retry --app org.example.ios', 'all of an app, once its credential is mended'],
    ],
  },
  'outbox drop': {
    about: `
Ends a push that waits, or with --app all that wait of an app. They are never sent and
are counted as abandoned; what is being sent at this moment ends by itself.
${changes}`,
    examples: [
      [`xmpp-push outbox drop ${PUSH}`, 'one push'],
      ['xmpp-push outbox drop --app org.example.old', 'all that waits for an app that is no longer configured'],
    ],
  },
  apps: {
    about: `
One line for each app; \`status\` has the whole accounting.
${asks}`,
    examples: [
      ['xmpp-push apps', 'devices, accepted, delivered, waiting, and how each app stands'],
      ["xmpp-push apps --json | jq '.apps[] | select(.fuse)'", 'the apps whose fuse has blown'],
    ],
  },
  fuse: {
    about: `
An app's fuse blows when so many of its tokens are called dead within an hour that the
fault is likely ours: a wrong key, topic or project. From then on nothing is forgotten.`,
    examples: [['xmpp-push fuse reset org.example.ios', 'once the cause is mended']],
  },
  'fuse reset': {
    about: `
From then on dead tokens are forgotten again. Reset it once the cause is mended: a wrong
key, topic or project. \`status\` says which fuse has blown and why; the configuration's
"fuse" sets when it blows.
${changes}`,
    examples: [['xmpp-push fuse reset org.example.ios', 'lets dead tokens of this app be forgotten again']],
  },
} as const satisfies Readonly<Record<string, Lesson>>
