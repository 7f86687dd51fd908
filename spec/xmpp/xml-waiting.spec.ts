import { makeWaiting, type Awaited } from '../../lib/xmpp/xml-waiting'

describe('lib/xmpp/xml-waiting', () => {
  it.each<[Awaited, '' | '"' | "'", string, readonly (readonly [string, boolean])[]]>([
    [
      '<',
      '',
      '<a>text',
      [
        ['more > text', false],
        ['and <', true],
      ],
    ],
    [
      '>',
      '',
      '<a b',
      [
        ["='x>'", false],
        [' c="', false],
        [`'>`, false],
        ['">', true],
      ],
    ],
    [
      '>',
      "'",
      "<a b='x",
      [
        ['">"', false],
        [`' `, false],
        ['/>', true],
      ],
    ],
    [
      '>',
      '',
      '<a',
      [
        [' b=', false],
        ['<', true],
      ],
    ],
    [
      ']]>',
      '',
      '<![CDATA[x',
      [
        [']', false],
        [']', false],
        ['>', true],
      ],
    ],
    [
      ']]>',
      '',
      '<![CDATA[x]',
      [
        [']]', false],
        ['x]]', false],
        [' ]>', false],
        ['] ]]>', true],
      ],
    ],
    [
      '?>',
      '',
      '<?xml ?',
      [
        [' ?', false],
        ['>', true],
      ],
    ],
    ['more', '', '<!', [['[', true]]],
  ])('waits for %s (open quote: %j) after %j', (what, quote, data, pieces) => {
    const waiting = makeWaiting()
    waiting.begin(what, data, quote)
    for (const [piece, hasCome] of pieces)
      expect({ piece, hasCome: waiting.hasCome(piece) }).toEqual({ piece, hasCome })
  })
})
