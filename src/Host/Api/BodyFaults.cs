using System.Text.Json;
using System.Text.RegularExpressions;
using Appliance.Contracts;

namespace Appliance.Host.Api;

/// <summary>What is wrong with a request that could not be read, said so that its author finds the place: the member's path and the reader's reason, without the names of our types.</summary>
internal static partial class BodyFaults
{
    /// <summary>The refusal for <paramref name="fault"/>.</summary>
    public static Refusal RefusalOf(BadHttpRequestException fault)
    {
        if (fault.InnerException is not JsonException json)
            return Refuse.Invalid("kernel.refused.request", null, fault.Message);
        var path = json.Path is { Length: > 0 } found ? found : "$";
        return Refuse.Invalid("kernel.refused.body", path.TrimStart('$', '.') is { Length: > 0 } field ? field : null, path, Reason(json));
    }

    // The reader ends its sentence with the place again: "… Path: $.x | LineNumber: 0 | BytePositionInLine: 7."
    private static string Reason(JsonException fault) => OwnType().Replace(fault.Message.Split(" Path:", 2)[0], "").TrimEnd('.');

    [GeneratedRegex(@"( contained in| for| to)? (the )?type '[^']*'", RegexOptions.NonBacktracking)]
    private static partial Regex OwnType();
}
