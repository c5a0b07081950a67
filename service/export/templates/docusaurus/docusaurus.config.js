// https://docusaurus.io/docs/api/docusaurus-config
import about from './site.json' with {type: 'json'};

export default {
  title: about.title,
  // Where the site is to be found. Search engines are told so.
  url: process.env.SITE_URL ?? 'https://textbooks.example',
  baseUrl: process.env.SITE_BASE ?? '/',
  customFields: {books: about.books},
  onBrokenLinks: 'throw',
  onBrokenAnchors: 'throw',
  onDuplicateRoutes: 'throw',
  future: {v4: true, faster: true},
  i18n: {
    defaultLocale: about.language,
    locales: [about.language],
    localeConfigs: {[about.language]: {direction: about.direction}},
  },
  markdown: {
    format: 'detect',
    emoji: false,
    hooks: {onBrokenMarkdownLinks: 'throw', onBrokenMarkdownImages: 'throw'},
  },
  plugins: [
    ['@docusaurus/plugin-content-docs', {sidebarPath: './sidebars.js', breadcrumbs: true}],
    '@docusaurus/plugin-content-pages',
  ],
  themes: [['@docusaurus/theme-classic', {customCss: './src/css/custom.css'}]],
  themeConfig: {
    navbar: {title: about.title},
    docs: {sidebar: {hideable: true}},
    colorMode: {respectPrefersColorScheme: true},
  },
};
