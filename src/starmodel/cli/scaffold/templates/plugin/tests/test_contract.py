"""What an application expects of any plugin."""

from starmodel.plugins import Plugin
from starmodel.testing.contracts.plugins import PluginContract

import starmodel_plugin_name as package


class TestContract(PluginContract):
    """Tests of the plugin with its default settings."""

    def plugin(self) -> Plugin:
        return package.PluginClass()
