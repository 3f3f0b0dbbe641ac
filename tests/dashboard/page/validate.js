// Splunk's own validator of dashboard definitions, for the check to call: window.validateDefinition(definition).
import { createSchemaBasedOnPresets } from '@splunk/dashboard-definition';
import { DashboardValidator } from '@splunk/dashboard-validation';
import EnterpriseViewOnlyPreset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';

const validator = new DashboardValidator();
window.schemaError = validator.setSchema(createSchemaBasedOnPresets(EnterpriseViewOnlyPreset));
window.validateDefinition = (definition) => validator.validate(definition);
