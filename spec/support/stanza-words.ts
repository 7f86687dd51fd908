/** The words that mutated stanzas are made of. */

/** Of elements. */
export const names = (
  'iq message pubsub publish publish-options item notification x field value event encrypted jingle media priority command query ping ' +
  'enable error text configure create __proto__ constructor toString valueOf é 中文 a-b.c x1'
).split(' ')
/** Names of attributes. */
export const attributes =
  'node var type from to id xmlns name jid action sessionid status iv sid alg xml:lang __proto__ constructor'.split(' ')
/** All that mean something to us, and some that mean nothing. */
export const namespaces = (
  'http://jabber.org/protocol/pubsub http://jabber.org/protocol/pubsub#owner urn:xmpp:push:0 urn:xmpp:push:2 jabber:x:data ' +
  'http://jabber.org/protocol/commands http://jabber.org/protocol/disco#info http://jabber.org/protocol/disco#items ' +
  'tigase:push:encrypt:0 tigase:push:priority:0 tigase:push:jingle:0 http://tigase.org/protocol/account#event ' +
  'http://tigase.org/protocol/muc#offline urn:xmpp:ping jabber:iq:version urn:xmpp:time jabber:client __proto__ constructor urn:x:é'
)
  .split(' ')
  .concat('')
/** What stands in fields and attributes: what means something somewhere, and what has broken programs. */
export const texts = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '00',
    '1e9',
    '999999999',
    '99999999999999999999',
    'NaN',
    'null',
    'true',
    '{}',
    '[]',
    '%s%n',
    '../../etc/passwd',
  ],
  ...[
    'get',
    'set',
    'result',
    'error',
    'submit',
    'form',
    'cancel',
    'execute',
    'complete',
    'next',
    'prev',
    'voip',
    'high',
    'low',
    'propose',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'length',
    '${node}',
    '$&',
    "'; DROP TABLE registrations; --",
  ],
  ...[
    'romeo@example.com',
    'romeo@example.com/phone',
    'example.com',
    'push.example.com',
    '@',
    '/',
    'a@b@c/d/e',
    'https://127.0.0.1/x',
  ],
  ...[
    'org.example.ios',
    'org.example.android',
    'org.example.web',
    'fcm',
    'apns',
    'register-device',
    'urn:xmpp:push:summary',
  ],
  ...[
    'message-count',
    'last-message-body',
    'secret',
    'token',
    'device-token',
    'device-id',
    'FORM_TYPE',
    'account-removed',
    'account',
  ],
  ...[
    '\u{1f600}'.repeat(40),
    '\u{10ffff}',
    '\u0085\u2028\u2029',
    '\u007f\u0080',
    '\ufdd0\ufffd',
    'e\u0301\u0323',
    '\u202eabc',
    '\u0000',
  ],
  ...[
    '\t\n\r',
    `'"<>&]]>`,
    '&amp;lt;',
    'İıſK',
    'ß'.repeat(20),
    'ab'.repeat(1000),
    '\u{1f600}'.repeat(1500),
    '<'.repeat(700),
  ],
]
/** The first is six times as long once it is written. */
export const huge = ['"'.repeat(100_000), 'x'.repeat(300_000)]
