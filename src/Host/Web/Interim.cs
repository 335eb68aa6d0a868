using System.Globalization;
using Appliance.Contracts;

namespace Appliance.Host.Web;

internal sealed class KeysAsText : IText
{
    public string this[string key, params object?[] arguments] => key;

    public string In(CultureInfo language, string key, params object?[] arguments) => key;

    public bool Has(string key) => false;
}

internal sealed class NobodyViewer : ICurrentViewer
{
    public ValueTask<Viewer?> FindAsync(CancellationToken cancel = default) => new((Viewer?)null);
}
