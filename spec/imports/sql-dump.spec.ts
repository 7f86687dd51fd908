import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SourceRefused } from '../../lib/imports/import'
import { rowsOf } from '../../lib/imports/sql-dump'

const MARIA =
  '/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB\n--\n-- Host: it\'s "here"\n'
const END = '\n-- Dump completed on 2026-11-21  8:17:44\n'

describe('lib/imports/sql-dump', () => {
  let folder: string
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'dump-'))))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function rows(
    text: string,
    table = 'target',
  ): Promise<readonly Readonly<Record<string, string | undefined>>[]> {
    const path = join(folder, 'dump.sql')
    writeFileSync(path, text)
    const all = []
    for await (const { values } of rowsOf(path, table)) all.push(Object.fromEntries(values))
    return all
  }

  it('reads what MariaDB escapes, and passes other tables over', async () => {
    const dump = `${MARIA}
--
CREATE TABLE \`other\` (\`a\` int(11));
INSERT INTO \`other\` VALUES (1),(2);
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE \`target\` (
  \`a\` varchar(20) DEFAULT 'x,)',
  \`b\` decimal(10,2) NOT NULL,
  PRIMARY KEY (\`a\`,\`b\`),
  KEY \`k\` (\`b\`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;
INSERT INTO \`target\` VALUES
('it\\'s; -- \\\\ "so"\\n/* */',1.50),
(NULL,-2),('',3e5);
${END}`
    expect(await rows(dump)).toEqual([
      { a: 'it\'s; -- \\ "so"\n/* */', b: '1.50' },
      { a: undefined, b: '-2' },
      { a: '', b: '3e5' },
    ])
  })

  it('takes the columns in the order in which an insert names them', async () => {
    const dump = `${MARIA}INSERT INTO \`target\` (\`b\`, \`a\`) VALUES ('2','1');${END}`
    expect(await rows(dump)).toEqual([{ b: '2', a: '1' }])
  })

  it('reads what SQLite and PostgreSQL write, where a backslash is one', async () => {
    const sqlite = `PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE "prosody" ("host" TEXT NOT NULL, "user" TEXT);\nINSERT INTO prosody VALUES('a\\','it''s');\nCOMMIT;\n`
    expect(await rows(sqlite, 'prosody')).toEqual([{ host: 'a\\', user: "it's" }])
    const postgres = `--\n-- PostgreSQL database dump\n--\n\nSET x = 'y';\nINSERT INTO public.prosody (host, "user") VALUES ('a\\', 'it''s');\n--\n-- PostgreSQL database dump complete\n--\n\n`
    expect(await rows(postgres, 'prosody')).toEqual([{ host: 'a\\', user: "it's" }])
  })

  it('reads statements and rows of any length, wherever the file is cut into pieces', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({ a: `${at}`, b: "';".repeat(at % 40) }))
    const tuples = many.map(({ a, b }) => `('${a}','${b.replaceAll("'", "\\'")}')`)
    const dump = `${MARIA}CREATE TABLE \`target\` (\`a\` text, \`b\` text);\nINSERT INTO \`target\` VALUES ${tuples.join(',')};${END}`
    expect(await rows(dump)).toEqual(many)
  })

  it('takes an empty table for what it is', async () => {
    expect(await rows(`${MARIA}CREATE TABLE \`target\` (\`a\` text);${END}`)).toEqual([])
  })

  it.each([
    [
      'a dump that was cut short',
      `${MARIA}CREATE TABLE \`target\` (\`a\` text);\nINSERT INTO \`target\` VALUES ('1');\n`,
      'not whole',
    ],
    ['no dump at all', 'target,token\n', 'is no dump of MariaDB'],
    ['a dump of something else', `${MARIA}CREATE TABLE \`other\` (\`a\` text);${END}`, 'has no table target'],
    [
      'a row of too few values',
      `${MARIA}CREATE TABLE \`target\` (\`a\` text, \`b\` text);INSERT INTO \`target\` VALUES ('1');${END}`,
      'row 1 of table target',
    ],
    [
      'a value of another kind',
      `${MARIA}CREATE TABLE \`target\` (\`a\` text);INSERT INTO \`target\` VALUES ('1'),(0xAB);${END}`,
      'row 2 of table target',
    ],
  ])('refuses %s', async (_name, dump, why) => {
    await expect(rows(dump)).rejects.toThrow(SourceRefused)
    await expect(rows(dump)).rejects.toThrow(why)
  })

  it('refuses a file that is not there', async () => {
    await expect(rowsOf(join(folder, 'nothing'), 'target').next()).rejects.toThrow('correct the path')
  })

  it('refuses a folder', async () => {
    await expect(rowsOf(folder, 'target').next()).rejects.toThrow(`${folder} is a folder; name the file itself`)
  })
})
