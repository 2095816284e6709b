/**
 * The operators that read nothing but what their operands name. Any other may read the whole document.
 *
 * Source: MongoDB's manual, "Aggregation Operators", 8.0, without `$function`, `$accumulator` and window operators.
 */
export const EXPRESSION_OPERATORS: ReadonlySet<string> = new Set(
  [
    '$abs $add $ceil $divide $exp $floor $ln $log $log10 $mod $multiply $pow $round $sqrt $subtract $trunc',
    '$acos $acosh $asin $asinh $atan $atan2 $atanh $cos $cosh $degreesToRadians $radiansToDegrees $sin $sinh $tan $tanh',
    '$allElementsTrue $anyElementTrue $setDifference $setEquals $setIntersection $setIsSubset $setUnion',
    '$and $not $or $cmp $eq $gt $gte $lt $lte $ne $cond $ifNull $switch',
    '$arrayElemAt $arrayToObject $concatArrays $filter $first $firstN $in $indexOfArray $isArray $last $lastN $map',
    '$maxN $minN $objectToArray $range $reduce $reverseArray $size $slice $sortArray $zip',
    '$avg $max $min $stdDevPop $stdDevSamp $sum',
    '$binarySize $bitAnd $bitNot $bitOr $bitXor $bsonSize $let $mergeObjects $rand $setField $unsetField $toHashedIndexKey',
    '$concat $indexOfBytes $indexOfCP $ltrim $regexFind $regexFindAll $regexMatch $replaceAll $replaceOne $rtrim $split',
    '$strLenBytes $strLenCP $strcasecmp $substr $substrBytes $substrCP $toLower $toUpper $trim',
    '$convert $isNumber $toBool $toDate $toDecimal $toDouble $toInt $toLong $toObjectId $toString $toUUID $type',
    '$dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts $dateToString $dateTrunc',
    '$dayOfMonth $dayOfWeek $dayOfYear $hour $isoDayOfWeek $isoWeek $isoWeekYear $millisecond $minute $month $second',
    '$tsIncrement $tsSecond $week $year',
  ].flatMap((line) => line.split(' ')),
);

/** What `$meta` may ask for: an index key, for one, may be encrypted. */
export const META_KEYWORDS: ReadonlySet<unknown> = new Set([
  'textScore',
  'searchScore',
  'vectorSearchScore',
  'geoNearDistance',
  'geoNearPoint',
]);
