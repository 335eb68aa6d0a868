using Appliance.Contracts;

namespace Appliance.Uplink.Pages;

/// <summary>How states are drawn: the tone beside the word.</summary>
internal static class Words
{
    public static FigureTone OfShare(string state) => state switch
    {
        "pending" or "signed" => FigureTone.Attention,
        "withdrawn" => FigureTone.Urgent,
        _ => FigureTone.Calm,
    };

    public static FigureTone OfRecipient(string state) => state switch
    {
        "refused" or "withdrawn" => FigureTone.Urgent,
        "queued" or "available" => FigureTone.Attention,
        _ => FigureTone.Calm,
    };

    public static FigureTone OfReceived(string state) => state switch
    {
        "new" => FigureTone.Attention,
        "invalid" => FigureTone.Urgent,
        _ => FigureTone.Calm,
    };

    public static FigureTone OfTrust(string trust) => trust switch
    {
        "trusted" => FigureTone.Calm,
        "pending" => FigureTone.Attention,
        _ => FigureTone.Urgent,
    };
}
