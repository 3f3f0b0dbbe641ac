// Renders the shipped definition, unchanged, with Splunk's own dashboard framework. `?scheme=dark` for the dark theme;
// `?form.<token>=<value>` sets a token, as Splunk Web's address does.
//
// The framework's search data source asks the page's server as it would ask splunkd. Nothing here knows what it answers.
import { createRoot } from 'react-dom/client';
import DashboardCore from '@splunk/dashboard-core';
import { DashboardContextProvider } from '@splunk/dashboard-context';
import EnterpriseViewOnlyPreset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';
import SplunkThemeProvider from '@splunk/themes/SplunkThemeProvider';

const definition = await fetch('definition.json').then((reply) => reply.json());
const address = new URLSearchParams(location.search);
const scheme = address.get('scheme') ?? 'light';
const typed = [...address].filter(([name]) => name.startsWith('form.')).map(([name, value]) => [name.slice('form.'.length), { value }]);
document.documentElement.className = scheme;
createRoot(document.getElementById('root')).render(
    <SplunkThemeProvider family="enterprise" colorScheme={scheme} density="comfortable">
        <DashboardContextProvider preset={EnterpriseViewOnlyPreset} initialDefinition={definition} initialTokenBinding={{ default: Object.fromEntries(typed) }}>
            <DashboardCore width="100%" height="100vh" />
        </DashboardContextProvider>
    </SplunkThemeProvider>,
);
