// The first page: the one book there is, or all of them to choose from.
import Link from '@docusaurus/Link';
import {Redirect} from '@docusaurus/router';
import useBaseUrl from '@docusaurus/useBaseUrl';
import useDocusaurusContext from '@docusaurus/useDocusaurusContext';
import Layout from '@theme/Layout';

export default function Home() {
  const {title, customFields: {books}} = useDocusaurusContext().siteConfig;
  const first = useBaseUrl(books[0].address);
  if (books.length === 1) return <Redirect to={first} />;
  return (
    <Layout>
      <main className="container margin-vert--lg">
        <h1>{title}</h1>
        <div className="row">
          {books.map((book) => (
            <div className="col col--4 margin-bottom--lg" key={book.address}>
              <Link className="card padding--lg" to={book.address}>
                <h2 dir="auto">{book.title}</h2>
                <p dir="auto">{book.subject}</p>
                <small dir="auto">{book.audience}</small>
              </Link>
            </div>
          ))}
        </div>
      </main>
    </Layout>
  );
}
