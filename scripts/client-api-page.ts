/** `docs/client-api.md`: every name that `@millrace/client` exports, with its doc comment, read from the sources. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { ROOT } from './suites.ts'

const ENTRIES = [
  { name: '@millrace/client', path: 'packages/client/src/index.ts' },
  { name: '@millrace/client/opentelemetry', path: 'packages/client/src/opentelemetry/index.ts' },
]
const OTHER_PACKAGES: Readonly<Record<string, string>> = {
  '@millrace/protocol': 'packages/protocol/src/index.ts',
  '@millrace/record-batch': 'packages/record-batch/src/index.ts',
}

/** What a newcomer looks for first. */
const BEGIN_AT = ['createClient', 'Client', 'Topic', 'GroupOptions', 'Producer', 'Admin', 'ClientError']

type Declaration =
  | ts.ClassDeclaration
  | ts.InterfaceDeclaration
  | ts.FunctionDeclaration
  | ts.TypeAliasDeclaration
  | ts.VariableStatement

/** The page, in Markdown. Throws for an export without a declaration or a doc comment. */
export function clientApiPage(madeBy: string): string {
  const sections = ENTRIES.map(({ name, path }) => {
    const entries = exportsOf(path).sort((a, b) => a.name.localeCompare(b.name))
    return `## ${name}\n\n${entries.map(describe).join('\n\n')}`
  })
  const begin = BEGIN_AT.map((name) => `[${name}](#${name.toLowerCase()})`).join(', ')
  const intro = `Everything that the client exports, in alphabetical order. Begin at ${begin}: the README of the package shows how the parts go together.`
  return `# API of the client\n\n${madeBy}\n\n${intro}\n\n${sections.join('\n\n')}\n`
}

interface Exported {
  readonly name: string
  readonly declaration: Declaration
}

/** Follows `export { name } from` to where each name is declared. */
function exportsOf(path: string): Exported[] {
  return parse(path).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !statement.moduleSpecifier) return []
    if (!ts.isNamedExports(statement.exportClause) || !ts.isStringLiteral(statement.moduleSpecifier))
      return []
    const from = resolve(path, statement.moduleSpecifier.text)
    return statement.exportClause.elements.map(({ name, propertyName }) => ({
      name: name.text,
      declaration: find(from, (propertyName ?? name).text),
    }))
  })
}

function resolve(path: string, specifier: string): string {
  return OTHER_PACKAGES[specifier] ?? join(dirname(path), specifier)
}

const sources = new Map<string, ts.SourceFile>()

function parse(path: string): ts.SourceFile {
  const known = sources.get(path)
  if (known !== undefined) return known
  const text = readFileSync(join(ROOT, path), 'utf8')
  const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  sources.set(path, parsed)
  return parsed
}

function find(path: string, name: string): Declaration {
  for (const statement of parse(path).statements) {
    if (isNamed(statement, name)) return statement
  }
  const further = exportsOf(path).find((exported) => exported.name === name)
  if (further === undefined) throw new Error(`${path} does not declare ${name}`)
  return further.declaration
}

function isNamed(statement: ts.Statement, name: string): statement is Declaration {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.some((one) => one.name.getText() === name)
  }
  const hasName =
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  return hasName && statement.name?.text === name
}

function describe({ name, declaration }: Exported): string {
  const doc = docOf(declaration)
  if (doc === '') throw new Error(`${name} has no doc comment`)
  const code = signature(declaration)
  const words = [...new Set(code.match(/(?<=keyof typeof )\w+/g))].map((table) => wordsOf(declaration, table))
  return `### ${name}\n\n${doc}\n\n\`\`\`ts\n${[code, ...words].join('\n')}\n\`\`\``
}

/** The keys of a table that a type is made of, since the table itself is not exported. */
function wordsOf(declaration: Declaration, table: string): string {
  const [found] = declaration
    .getSourceFile()
    .statements.filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .filter(({ name }) => name.getText() === table)
  let initializer = found?.initializer
  while (
    initializer !== undefined &&
    (ts.isAsExpression(initializer) || ts.isSatisfiesExpression(initializer))
  ) {
    initializer = initializer.expression
  }
  if (initializer === undefined || !ts.isObjectLiteralExpression(initializer))
    throw new Error(`no table ${table}`)
  const keys = initializer.properties.map(({ name }) => `'${name?.getText().replaceAll("'", '')}'`)
  return `// keyof typeof ${table}: ${keys.join(' | ')}`
}

/** The text of a doc comment without its stars. */
function docOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node)
  const text = comment?.getText() ?? ''
  return text
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join('\n')
    .trim()
}

function signature(declaration: Declaration): string {
  if (ts.isFunctionDeclaration(declaration)) return withoutBody(declaration)
  if (!ts.isClassDeclaration(declaration)) return declaration.getText().replace(/^export /, '')
  const heritage = declaration.heritageClauses?.map((clause) => ` ${clause.getText()}`).join('') ?? ''
  const parameters = declaration.typeParameters?.map((one) => one.getText()).join(', ')
  const generics = parameters === undefined ? '' : `<${parameters}>`
  const members = declaration.members.filter(isPublic).map((member) => {
    const doc = docOf(member)
    const comment = doc === '' ? '' : `  /** ${doc.replaceAll('\n', '\n   * ')} */\n`
    return `${comment}  ${withoutBody(member)}`
  })
  return `class ${declaration.name?.text}${generics}${heritage} {\n${members.join('\n')}\n}`
}

/** Constructors are left out: what is made by `createClient` is not made by hand. */
function isPublic(member: ts.ClassElement): boolean {
  if (ts.isConstructorDeclaration(member) || member.name === undefined) return false
  if (ts.isPrivateIdentifier(member.name)) return false
  // Of an overloaded method the implementation is not what is called.
  const isImplementation = ts.isMethodDeclaration(member) && member.body !== undefined
  const siblings = ts.isClassDeclaration(member.parent) ? member.parent.members : []
  const overloads = siblings.filter((other) => other.name?.getText() === member.name?.getText())
  return !(isImplementation && overloads.length > 1)
}

function withoutBody(node: ts.FunctionDeclaration | ts.ClassElement): string {
  const body = 'body' in node ? (node.body as ts.Node | undefined) : undefined
  const text = node.getText()
  const end = body === undefined ? text.length : body.getStart() - node.getStart()
  return (
    text
      .slice(0, end)
      .replace(/^export |\basync (?=[\w[*])/g, '')
      // That it is a generator is in what it returns.
      .replace(/^\*/, '')
      // A default in the code is an option for the caller.
      .replace(/(\w+): (\{[^}]*\}|[\w<>, ]+) = \{\}/g, '$1?: $2')
      .trim()
  )
}
