using System.Globalization;
using Appliance.Contracts;

namespace Appliance.Host.Web;

internal sealed class KeysAsText : IText
{
    public string this[string key, params object?[] arguments] => key;

    public string In(CultureInfo language, string key, params object?[] arguments) => key;

    public bool Has(string key) => false;
}
