namespace Appliance.Ui;

/// <summary>What the endpoint answered to one uploaded file.</summary>
/// <param name="FileName">Name the browser gave; text from outside.</param>
/// <param name="Status">HTTP status; 0 when the connection broke.</param>
/// <param name="Body">The answer, usually JSON, at most 64 KiB.</param>
public sealed record UploadAnswer(string FileName, int Status, string Body)
{
    /// <summary>True for a 2xx answer.</summary>
    public bool Succeeded => Status is >= 200 and < 300;
}
