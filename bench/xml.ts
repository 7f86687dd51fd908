/**
 * Our reader of stanzas beside ltx and saxes, on documents made up by chance: the same trees as ltx where a document is whole, the verdict
 * of saxes where it was broken, and a time that grows as the input does. Prints what was compared; ends with 1 at the first difference.
 * `npx tsx bench/xml.ts [--documents 1000000] [--seed 1]`
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { StanzaParser } from '../lib/xmpp/stanza-parser'
import {
  CLOSE,
  makeChance,
  makeDocuments,
  mutated,
  OPEN,
  type Chance,
  type XmlDocument,
} from '../spec/support/xml-documents'
import {
  isRestricted,
  joinedText,
  mayHaveLooseName,
  readingOf,
  saxesTrees,
  treeText,
} from '../spec/support/xml-reading'

const { values } = parseArgs({
  options: { documents: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const [count, seed] = [Number(values.documents), Number(values.seed)]
/** Copies of a document that make its tags known ones, and how seldom they go before it. */
const WARM = 40
const SELDOM = 50
const SHOWN = 5
const KIBIBYTE = 1024

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const differences: string[] = []
/** Those that saxes takes and we do not, on account of a name, it seems: expat decides. */
const loose: string[] = []

function differ(what: string, document: string): void {
  differences.push(what)
  if (differences.length <= SHOWN) say(`DIFFERENCE, ${what}: ${JSON.stringify(document)}`)
}

/** How a document comes: whole, or in crumbs of so many bytes. */
function sizeOf(chance: Chance): number {
  return chance(3) === 0 ? 1 + chance(60) : Infinity
}

function compareWhole(one: XmlDocument, chance: Chance, told: { ltx: number; saxes: number; bytes: number }): void {
  const own = readingOf('own', one.text, sizeOf(chance), chance(SELDOM) === 0 ? one.text.repeat(WARM) : '')
  told.bytes += one.text.length
  if (own.end !== 'whole' || own.trees.length !== 1) return differ(`a whole document came out ${own.end}`, one.text)
  if (one.hasTextAfterSection) {
    told.saxes += 1
    if (own.trees.map(joinedText).join() !== saxesTrees(one.text)?.join()) differ('not the tree of saxes', one.text)
    return
  }
  told.ltx += 1
  if (own.trees.map(treeText).join() !== readingOf('ltx', one.text).trees.map(treeText).join()) {
    differ('not the tree of ltx', one.text)
  }
}

function compareBroken(
  one: XmlDocument,
  chance: Chance,
  told: { broken: number; whole: number; restricted: number },
): void {
  const document = mutated(one.text, chance)
  const { end } = readingOf('own', document, sizeOf(chance), chance(SELDOM) === 0 ? one.text.repeat(WARM) : '')
  if (isRestricted(document)) {
    // A comment after what is broken is not looked at, nor is one in an attribute one.
    told.restricted += 1
    if (end === 'whole' && saxesTrees(document) === undefined) differ('broken for saxes', document)
    return
  }
  const isWhole = saxesTrees(document) !== undefined
  told[isWhole ? 'whole' : 'broken'] += 1
  if (isWhole && end === 'not-well-formed' && mayHaveLooseName(document)) loose.push(document)
  else if ((end === 'whole') !== isWhole)
    differ(`${isWhole ? 'whole' : 'broken'} for saxes, and came out ${end}`, document)
}

const EXPAT = `
import json, sys, xml.parsers.expat as expat
for line in sys.stdin:
    parser = expat.ParserCreate(namespace_separator=' ')
    try:
        parser.Parse(json.loads(line), True)
        print('whole')
    except expat.ExpatError:
        print('broken')
`

function compareLoose(): void {
  const input = loose.map((document) => JSON.stringify(OPEN + document + CLOSE)).join('\n')
  const judged = spawnSync('python3', ['-c', EXPAT], { input, encoding: 'utf8', maxBuffer: Infinity })
  const verdicts = judged.stdout.split('\n')
  for (const [at, document] of loose.entries()) {
    if (verdicts[at] !== 'broken') differ('whole for saxes and for expat, and came out broken', document)
  }
}

const limits = { maxStanzaBytes: 65_536 * KIBIBYTE, maxDepth: 64 }

/** Milliseconds of CPU for reading this, in reads of so many bytes. */
function cost(text: string, size: number): number {
  const stream = new StanzaParser(limits, 'own')
  let end = 'unfinished'
  stream.on('error', (error: Error) => (end = error.message))
  stream.on('element', () => (end = 'whole'))
  stream.read(Buffer.from(OPEN))
  const bytes = Buffer.from(text)
  const before = process.cpuUsage()
  for (let at = 0; at < bytes.length; at += size) stream.read(bytes.subarray(at, at + size))
  const { user, system } = process.cpuUsage(before)
  if (end !== 'whole') throw new Error(`a document of ${bytes.length} bytes came out ${end}`)
  return (user + system) / 1000
}

const fill = (size: number, part: (number: number) => string): string => {
  let text = ''
  for (let number = 0; text.length < size; number++) text += part(number)
  return text
}

/** What would be quadratic in a reader that is not careful. */
const shapes: Readonly<Record<string, (size: number) => string>> = {
  'a text full of >': (size) => `<a>${'x>'.repeat(size / 2)}</a>`,
  'a text full of references': (size) => `<a>${'&amp;'.repeat(size / 5)}</a>`,
  'an attribute': (size) => `<a b='${'x>'.repeat(size / 2)}'/>`,
  'a section of ]': (size) => `<a><![CDATA[${']'.repeat(size)}x]]></a>`,
  'attributes in one tag': (size) => `<a${fill(size, (number) => ` b${number}=''`)}/>`,
  'prefixes declared in one tag': (size) => `<a${fill(size, (number) => ` xmlns:p${number}='q'`)}/>`,
  'elements that declare a prefix': (size) => `<a>${fill(size, () => "<p:b xmlns:p='q' p:c=''/>")}</a>`,
  'elements inside each other, each declaring': (size) => {
    const [open, close] = ["<p:b xmlns:p='q'>", '</p:b>']
    const times = Math.floor(size / (open.length + close.length))
    return open.repeat(times) + close.repeat(times)
  },
  'names that are all different': (size) => `<a>${fill(size, (number) => `<b${number}/>`)}</a>`,
  'blanks in a tag': (size) => `<a${' '.repeat(size)}/>`,
}

function compareSizes(): void {
  say('\nmilliseconds of CPU for a stanza of 256, 512 and 1024 KiB of')
  for (const [name, shape] of Object.entries(shapes)) {
    for (const size of [64 * 1024, 16]) {
      const all = [256, 512, 1024].map((times) => {
        const text = shape(times * KIBIBYTE)
        return Math.min(...[1, 2, 3].map(() => cost(text, size)))
      })
      say(
        `  ${`${name}, in reads of ${size} bytes`.padEnd(70)}${all.map((each) => each.toFixed(0).padStart(7)).join('')}`,
      )
      const [one = 0, , four = 0] = all
      // Four times the input in sixteen times the time would be quadratic.
      if (four > 10 * Math.max(one, 2)) differ('a time that outgrows the input', name)
    }
  }
}

function main(): void {
  const chance = makeChance(seed)
  const next = makeDocuments(chance)
  const told = { ltx: 0, saxes: 0, bytes: 0, broken: 0, whole: 0, restricted: 0 }
  for (let number = 0; number < count; number++) {
    const one = next()
    compareWhole(one, chance, told)
    compareBroken(one, chance, told)
  }
  say(
    `seed ${seed}: ${count} documents of ${Math.round(told.bytes / count)} characters each, a third of them in crumbs of 1 to 60 bytes`,
  )
  say(`  ${told.ltx} whole: the tree that ltx makes`)
  say(`  ${told.saxes} whole, with a text behind a CDATA section, which ltx loses: the tree that saxes makes`)
  say(`  ${told.broken} changed and broken, ${told.whole} changed and still whole: the verdict of saxes`)
  say(`  ${told.restricted} changed so that a comment, an instruction or a declaration began: XML, but not for XMPP`)
  if (loose.length > 0) compareLoose()
  say(
    `  ${loose.length} of the changed ones, with a name like p:1, which saxes takes and Namespaces 1.0 does not: the verdict of expat`,
  )
  compareSizes()
  say(`\ndifferences: ${differences.length}`)
  process.exitCode = differences.length === 0 ? 0 : 1
}

main()
